//! Geometries on the globe, taken as a ball of the mean radius of the earth. Lengths are metres, angles degrees.
use ddb_core::{Geometry, Value};

use super::{Arguments, Function, Outcome, function};
use crate::problem::Failure;

pub(super) const FUNCTIONS: &[Function] = &[
    function("geo::area", 1, 1, |arguments| Ok(Value::Float(area(&arguments.geometry()?)))),
    function("geo::bearing", 2, 2, bearing),
    function("geo::centroid", 1, 1, centroid),
    function("geo::distance", 2, 2, distance),
    function("geo::hash::decode", 1, 1, hash_decode),
    function("geo::hash::encode", 1, 2, hash_encode),
    function("geo::is_valid", 1, 1, |arguments| Ok(Value::Bool(is_valid(&arguments.geometry()?)))),
];

/// Mean radius of the earth (IUGG).
const RADIUS: f64 = 6_371_008.8;
const HASH_DIGITS: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
const MAX_HASH: usize = 12;

type Position = (f64, f64);

fn point(arguments: &mut Arguments<'_>) -> Result<Position, Failure> {
    match arguments.geometry()? {
        Geometry::Point(position) => Ok(position),
        _ => Err(arguments.mismatch("a point", "another geometry")),
    }
}

/// By the haversine formula.
fn distance(arguments: &mut Arguments<'_>) -> Outcome {
    let ((x1, y1), (x2, y2)) = (point(arguments)?, point(arguments)?);
    let half = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
    let chord = half(y1, y2) + y1.to_radians().cos() * y2.to_radians().cos() * half(x1, x2);
    Ok(Value::Float(2.0 * RADIUS * chord.sqrt().min(1.0).asin()))
}

/// The direction in which one point is from another, from -180 to 180, north being 0.
fn bearing(arguments: &mut Arguments<'_>) -> Outcome {
    let ((x1, y1), (x2, y2)) = (point(arguments)?, point(arguments)?);
    let (y1, y2, width) = (y1.to_radians(), y2.to_radians(), (x2 - x1).to_radians());
    let east = width.sin() * y2.cos();
    let north = y1.cos() * y2.sin() - y1.sin() * y2.cos() * width.cos();
    Ok(Value::Float(east.atan2(north).to_degrees()))
}

/// Square metres of polygons, their holes taken off.
fn area(geometry: &Geometry) -> f64 {
    let polygon = |rings: &Vec<Vec<Position>>| match rings.split_first() {
        Some((outer, holes)) => (ring_area(outer) - holes.iter().map(|hole| ring_area(hole)).sum::<f64>()).max(0.0),
        None => 0.0,
    };
    match geometry {
        Geometry::Polygon(rings) => polygon(rings),
        Geometry::MultiPolygon(polygons) => polygons.iter().map(polygon).sum(),
        Geometry::Collection(members) => members.iter().map(area).sum(),
        Geometry::Point(_) | Geometry::Line(_) | Geometry::MultiPoint(_) | Geometry::MultiLine(_) => 0.0,
    }
}

/// After Chamberlain and Duquette, "Some Algorithms for Polygons on a Sphere" (JPL 2007), equation 2.
fn ring_area(ring: &[Position]) -> f64 {
    let sides = ring.windows(2).map(|ends| {
        let ((x1, y1), (x2, y2)) = (ends[0], ends[1]);
        (x2 - x1).to_radians() * (2.0 + y1.to_radians().sin() + y2.to_radians().sin())
    });
    (sides.sum::<f64>() * RADIUS * RADIUS / 2.0).abs()
}

/// The middle in the plane of longitude and latitude: of areas, else of lines, else of points.
fn centroid(arguments: &mut Arguments<'_>) -> Outcome {
    let mut sums = [Weighted::default(); 3];
    weigh(&arguments.geometry()?, &mut sums);
    let heaviest = sums.into_iter().rev().find(|sum| sum.weight > 0.0);
    Ok(heaviest.map_or(Value::None, |sum| Value::Geometry(Geometry::Point((sum.x / sum.weight, sum.y / sum.weight)))))
}

#[derive(Clone, Copy, Default)]
struct Weighted {
    x: f64,
    y: f64,
    weight: f64,
}

impl Weighted {
    fn add(&mut self, (x, y): Position, weight: f64) {
        self.x += x * weight;
        self.y += y * weight;
        self.weight += weight;
    }
}

/// Points by their number, lines by their length, polygons by their area.
fn weigh(geometry: &Geometry, sums: &mut [Weighted; 3]) {
    if let Geometry::Collection(members) = geometry {
        return members.iter().for_each(|member| weigh(member, sums));
    }
    let [points, lines, areas] = sums;
    let mut line = |line: &[Position]| {
        for ends in line.windows(2) {
            let ((x1, y1), (x2, y2)) = (ends[0], ends[1]);
            lines.add(((x1 + x2) / 2.0, (y1 + y2) / 2.0), (x2 - x1).hypot(y2 - y1));
        }
        line.iter().for_each(|position| points.add(*position, 1.0));
    };
    let mut polygon = |rings: &Vec<Vec<Position>>| {
        for (index, ring) in rings.iter().enumerate() {
            line(ring);
            let middle = ring_centroid(ring);
            if let Some((middle, area)) = middle {
                areas.add(middle, if index == 0 { area } else { -area });
            }
        }
    };
    match geometry {
        Geometry::Polygon(rings) => polygon(rings),
        Geometry::MultiPolygon(polygons) => polygons.iter().for_each(polygon),
        Geometry::Line(positions) => line(positions),
        Geometry::MultiLine(all) => all.iter().for_each(|positions| line(positions)),
        Geometry::Point(position) => points.add(*position, 1.0),
        Geometry::MultiPoint(positions) => positions.iter().for_each(|position| points.add(*position, 1.0)),
        Geometry::Collection(_) => {}
    }
}

/// The middle of a ring and its area, by the shoelace formula.
fn ring_centroid(ring: &[Position]) -> Option<(Position, f64)> {
    let (mut x, mut y, mut twice) = (0.0, 0.0, 0.0);
    for ends in ring.windows(2) {
        let ((x1, y1), (x2, y2)) = (ends[0], ends[1]);
        let cross = x1 * y2 - x2 * y1;
        x += (x1 + x2) * cross;
        y += (y1 + y2) * cross;
        twice += cross;
    }
    (twice != 0.0).then(|| ((x / (3.0 * twice), y / (3.0 * twice)), (twice / 2.0).abs()))
}

/// Every position on the globe, lines of two positions or more, rings closed and of four or more.
fn is_valid(geometry: &Geometry) -> bool {
    let position = |(x, y): &Position| (-180.0..=180.0).contains(x) && (-90.0..=90.0).contains(y);
    let line = |positions: &Vec<Position>| positions.len() >= 2 && positions.iter().all(position);
    let ring = |positions: &Vec<Position>| positions.len() >= 4 && positions.first() == positions.last() && line(positions);
    let polygon = |rings: &Vec<Vec<Position>>| !rings.is_empty() && rings.iter().all(ring);
    match geometry {
        Geometry::Point(point) => position(point),
        Geometry::MultiPoint(points) => points.iter().all(position),
        Geometry::Line(positions) => line(positions),
        Geometry::MultiLine(lines) => lines.iter().all(line),
        Geometry::Polygon(rings) => polygon(rings),
        Geometry::MultiPolygon(polygons) => polygons.iter().all(polygon),
        Geometry::Collection(members) => members.iter().all(is_valid),
    }
}

/// The cell in which a point is, of 1 to 12 characters.
fn hash_encode(arguments: &mut Arguments<'_>) -> Outcome {
    let (longitude, latitude) = point(arguments)?;
    let length = arguments.optional(Arguments::count)?.unwrap_or(MAX_HASH);
    if !(1..=MAX_HASH).contains(&length) || !is_valid(&Geometry::Point((longitude, latitude))) {
        return Err(Failure::invalid("a geohash names a point on the globe and has 1 to 12 characters"));
    }
    let mut sides = [(-180.0, 180.0, longitude), (-90.0, 90.0, latitude)];
    let mut digits = String::with_capacity(length);
    for place in 0..length {
        let mut digit = 0;
        for bit in 0..5 {
            let (low, high, value) = &mut sides[(place * 5 + bit) % 2];
            let middle = (*low + *high) / 2.0;
            let is_upper = *value >= middle;
            *(if is_upper { low } else { high }) = middle;
            digit = digit << 1 | usize::from(is_upper);
        }
        digits.push(char::from(HASH_DIGITS[digit]));
    }
    Ok(Value::String(digits))
}

/// The middle of a cell.
fn hash_decode(arguments: &mut Arguments<'_>) -> Outcome {
    let text = arguments.text()?;
    let mut sides = [(-180.0, 180.0), (-90.0, 90.0)];
    if text.is_empty() || text.len() > MAX_HASH {
        return Err(arguments.mismatch("a geohash", "another string"));
    }
    for (place, byte) in text.bytes().enumerate() {
        let Some(digit) = HASH_DIGITS.iter().position(|digit| *digit == byte.to_ascii_lowercase()) else {
            return Err(arguments.mismatch("a geohash", "another string"));
        };
        for bit in 0..5 {
            let (low, high) = &mut sides[(place * 5 + bit) % 2];
            let middle = (*low + *high) / 2.0;
            *(if digit >> (4 - bit) & 1 == 1 { low } else { high }) = middle;
        }
    }
    let [(west, east), (south, north)] = sides;
    Ok(Value::Geometry(Geometry::Point(((west + east) / 2.0, (south + north) / 2.0))))
}
