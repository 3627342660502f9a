//! Geometries in the plane of longitude and latitude: what lies in what, and what touches. Boundaries belong to their geometry.
use ddb_core::{Geometry, Value};

use crate::budget::Budget;
use crate::cast;
use crate::problem::Problem;

type Position = (f64, f64);
type Segment = (Position, Position);

/// A value as a geometry: one, or an object that is GeoJSON.
pub(crate) fn of_value(value: &Value) -> Option<Geometry> {
    match value {
        Value::Geometry(_) | Value::Object(_) => cast::geometry(value),
        _ => None,
    }
}

/// Whether every position of `inner` is one of `outer`.
pub(crate) fn contains(outer: &Geometry, inner: &Geometry, budget: &Budget) -> Result<bool, Problem> {
    let (outer, inner) = (Parts::of(outer), Parts::of(inner));
    budget.use_steps(outer.effort() * inner.effort())?;
    let has_all =
        inner.points.iter().all(|point| outer.covers(*point)) && inner.segments().all(|segment| outer.covers_segment(segment));
    // A hole of the outer within a polygon of the inner touches no boundary of it.
    let is_free_of_holes = outer
        .polygons
        .iter()
        .flat_map(|polygon| polygon.iter().skip(1))
        .flatten()
        .all(|corner| !inner.polygons.iter().any(|polygon| is_inside(polygon, *corner)));
    Ok(inner.is_any() && has_all && is_free_of_holes)
}

/// Whether some position is one of both.
pub(crate) fn intersects(a: &Geometry, b: &Geometry, budget: &Budget) -> Result<bool, Problem> {
    let (a, b) = (Parts::of(a), Parts::of(b));
    budget.use_steps(a.effort() * b.effort())?;
    let covers_some = |outer: &Parts, inner: &Parts| inner.corners().any(|corner| outer.covers(corner));
    Ok(covers_some(&a, &b)
        || covers_some(&b, &a)
        || a.segments().any(|ours| b.segments().any(|theirs| crossing(ours, theirs).is_some())))
}

/// A geometry taken apart.
#[derive(Default)]
struct Parts {
    points: Vec<Position>,
    lines: Vec<Vec<Position>>,
    polygons: Vec<Vec<Vec<Position>>>,
}

impl Parts {
    fn of(geometry: &Geometry) -> Self {
        let mut parts = Self::default();
        parts.add(geometry);
        parts
    }

    fn add(&mut self, geometry: &Geometry) {
        match geometry {
            Geometry::Point(point) => self.points.push(*point),
            Geometry::MultiPoint(points) => self.points.extend(points),
            Geometry::Line(line) => self.lines.push(line.clone()),
            Geometry::MultiLine(lines) => self.lines.extend(lines.iter().cloned()),
            Geometry::Polygon(polygon) => self.polygons.push(polygon.clone()),
            Geometry::MultiPolygon(polygons) => self.polygons.extend(polygons.iter().cloned()),
            Geometry::Collection(members) => members.iter().for_each(|member| self.add(member)),
        }
    }

    fn is_any(&self) -> bool {
        self.corners().next().is_some()
    }

    /// Steps that looking at each position once takes.
    fn effort(&self) -> u64 {
        1 + self.corners().count() as u64
    }

    fn paths(&self) -> impl Iterator<Item = &Vec<Position>> {
        self.lines.iter().chain(self.polygons.iter().flatten())
    }

    fn segments(&self) -> impl Iterator<Item = Segment> {
        self.paths().flat_map(|path| path.windows(2).map(|ends| (ends[0], ends[1])))
    }

    fn corners(&self) -> impl Iterator<Item = Position> {
        self.points.iter().chain(self.paths().flatten()).copied()
    }

    fn covers(&self, point: Position) -> bool {
        self.points.contains(&point)
            || self.segments().any(|segment| is_on(segment, point))
            || self.polygons.iter().any(|polygon| is_inside(polygon, point))
    }

    /// Whether all of a segment is covered: the pieces between its crossings with our lines each are, or are not.
    fn covers_segment(&self, segment: Segment) -> bool {
        let mut cuts = vec![0.0, 1.0];
        for ours in self.segments() {
            cuts.extend(crossing(segment, ours));
            cuts.extend([ours.0, ours.1].into_iter().filter(|end| is_on(segment, *end)).map(|end| share(segment, end)));
        }
        cuts.extend(self.points.iter().filter(|point| is_on(segment, **point)).map(|point| share(segment, *point)));
        cuts.sort_by(f64::total_cmp);
        let middles =
            cuts.windows(2).filter(|cuts| cuts[1] - cuts[0] > 1e-12).map(|cuts| along(segment, (cuts[0] + cuts[1]) / 2.0));
        [segment.0, segment.1].into_iter().chain(middles).all(|point| self.covers(point) || self.is_near(point))
    }

    /// Whether a middle that was computed is on one of our lines but for its rounding.
    fn is_near(&self, point: Position) -> bool {
        self.segments().any(|(from, to)| {
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            let nearest = along((from, to), share((from, to), point).clamp(0.0, 1.0));
            (nearest.0 - point.0).hypot(nearest.1 - point.1) <= length * 1e-12
        })
    }
}

/// Twice the area of the triangle; its sign tells on which side of the line the point is.
fn side((from, to): Segment, point: Position) -> f64 {
    (to.0 - from.0) * (point.1 - from.1) - (to.1 - from.1) * (point.0 - from.0)
}

fn is_on(segment: Segment, point: Position) -> bool {
    let ((x1, y1), (x2, y2)) = segment;
    let within = |value: f64, a: f64, b: f64| a.min(b) <= value && value <= a.max(b);
    side(segment, point) == 0.0 && within(point.0, x1, x2) && within(point.1, y1, y2)
}

/// Where on the first segment the second crosses it, from 0 to 1; none where they are parallel or apart.
fn crossing(first: Segment, second: Segment) -> Option<f64> {
    let (from, to) = (side(second, first.0), side(second, first.1));
    let (theirs_from, theirs_to) = (side(first, second.0), side(first, second.1));
    let is_apart = |a: f64, b: f64| (a > 0.0 && b > 0.0) || (a < 0.0 && b < 0.0);
    (from != to && !is_apart(from, to) && !is_apart(theirs_from, theirs_to)).then(|| from / (from - to))
}

/// Where on the line of a segment the point nearest to `point` is: 0 at its begin, 1 at its end.
fn share((from, to): Segment, point: Position) -> f64 {
    let (width, height) = (to.0 - from.0, to.1 - from.1);
    let square = width * width + height * height;
    if square == 0.0 { 0.0 } else { ((point.0 - from.0) * width + (point.1 - from.1) * height) / square }
}

fn along((from, to): Segment, share: f64) -> Position {
    (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share)
}

/// Strictly inside of the outer ring and outside of every hole: a ray to the right crosses the rings oddly often.
fn is_inside(rings: &[Vec<Position>], (x, y): Position) -> bool {
    let mut inside = false;
    for ends in rings.iter().flat_map(|ring| ring.windows(2)) {
        let ((x1, y1), (x2, y2)) = (ends[0], ends[1]);
        if is_on((ends[0], ends[1]), (x, y)) {
            return false;
        }
        if (y1 > y) != (y2 > y) && x < (x2 - x1) * (y - y1) / (y2 - y1) + x1 {
            inside = !inside;
        }
    }
    inside
}
