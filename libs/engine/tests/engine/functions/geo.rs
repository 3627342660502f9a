use super::check_all;
use crate::support::refuse;

const SQUARE: &str = "{ type: 'Polygon', coordinates: [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]] }";

#[test]
fn the_globe_is_measured() {
    check_all(&[
        ("math::round(geo::distance((-0.1278, 51.5074), (2.3522, 48.8566)) / 1000)", "344f"),
        ("geo::distance((5, 5), (5, 5))", "0f"),
        ("geo::distance((-0.1278, 51.5074), (2.3522, 48.8566)) < 350km", "true"),
        ("geo::distance({ type: 'Point', coordinates: [1, 2] }, [1, 2])", "0f"),
        ("geo::bearing((0, 0), (0, 5))", "0f"),
        ("geo::bearing((0, 0), (5, 0))", "90f"),
        ("geo::bearing((0, 0), (-5, 0))", "-90f"),
        (&format!("math::round(geo::area({SQUARE}) / 1000000)"), "12364f"),
        ("geo::area((1, 2))", "0f"),
        (&format!("geo::centroid({SQUARE})"), "(0.5, 0.5)"),
        ("geo::centroid({ type: 'MultiPoint', coordinates: [[0, 0], [2, 4]] })", "(1, 2)"),
        ("geo::centroid({ type: 'LineString', coordinates: [[0, 0], [2, 0]] })", "(1, 0)"),
        (
            "geo::centroid({ type: 'GeometryCollection', geometries: [{ type: 'Point', coordinates: [1, 1] }, { type: 'Point', coordinates: [3, 1] }] })",
            "(2, 1)",
        ),
        ("geo::is_valid((200, 0))", "false"),
        ("geo::is::valid((100, 0))", "true"),
        ("geo::hash::encode((-5.6, 42.6), 5)", "'ezs42'"),
        ("geo::hash::encode((-0.1278, 51.5074), 6)", "'gcpvj0'"),
        ("geo::distance(geo::hash::decode('ezs42'), (-5.6, 42.6)) < 3km", "true"),
        ("geo::hash::encode(geo::hash::decode('gcpvj0du6'), 9)", "'gcpvj0du6'"),
    ]);
    refuse("geo::distance(1, (1, 2))", "1:1 argument 1 of `geo::distance` has to be a geometry, found int");
    refuse("geo::hash::decode('a')", "1:1 argument 1 of `geo::hash::decode` has to be a geohash, found another string");
}
