//! Polygons after snapping: rings that came to cross or touch themselves are taken apart, on the tile's own
//! integers. Never before snapping: that would be undone by it.

use i_overlay::core::fill_rule::FillRule;
use i_overlay::core::overlay::IntOverlayOptions;
use i_overlay::core::simplify::Simplify;
use i_overlay::i_float::int::point::IntPoint;

use super::clip::{Vertex, area};

/// Parts of a drawn feature: the end of each among the points, and whether it is an outer ring.
pub type Part = (usize, bool);

/// An edge with its lesser end first, its ring, its number in the ring, and the ring's count of edges.
pub type Edge = (Vertex, Vertex, usize, usize, usize);

/// Edges of a ring that are compared each with each; more are sorted first.
const FEW: usize = 16;

/// The same as [`is_simple`], for one small ring.
fn is_small_and_simple(ring: &[Vertex]) -> bool {
    let count = ring.len();
    let end = |at: usize| ring[(at + 1) % count];
    for first in 0..count {
        let (a, b) = (ring[first], end(first));
        let next = end((first + 1) % count);
        if turn(a, b, next) == 0 && within(a, b, next) | within(b, next, a) {
            return false;
        }
        // Neighbours have a vertex in common; the last edge is the first one's neighbour.
        let until = if first == 0 { count - 1 } else { count };
        for (second, c) in ring.iter().copied().enumerate().take(until).skip(first + 2) {
            let d = end(second);
            let apart = a[0].max(b[0]) < c[0].min(d[0]) || c[0].max(d[0]) < a[0].min(b[0]);
            if !apart && meet(a, b, c, d) {
                return false;
            }
        }
    }
    true
}

/// Whether no two edges of the rings meet but neighbours at their common vertex. `edges` is scratch.
fn is_simple(points: &[Vertex], start: usize, parts: &[Part], edges: &mut Vec<Edge>) -> bool {
    if let [(end, _)] = parts
        && end - start <= FEW
    {
        return is_small_and_simple(&points[start..*end]);
    }
    edges.clear();
    let mut from = start;
    for (number, (end, _)) in parts.iter().enumerate() {
        let ring = &points[from..*end];
        from = *end;
        for at in 0..ring.len() {
            let (a, b) = (ring[at], ring[(at + 1) % ring.len()]);
            let (a, b) = if a <= b { (a, b) } else { (b, a) };
            edges.push((a, b, number, at, ring.len()));
        }
    }
    edges.sort_unstable();
    for (first, edge) in edges.iter().enumerate() {
        for other in &edges[first + 1..] {
            if other.0[0] > edge.1[0] {
                break;
            }
            let apart = edge.3.abs_diff(other.3);
            let neighbours = edge.2 == other.2 && (apart == 1 || apart == edge.4 - 1);
            let crossed = match neighbours {
                true => overlap(edge, other),
                false => meet(edge.0, edge.1, other.0, other.1),
            };
            if crossed {
                return false;
            }
        }
    }
    true
}

/// Whether neighbours run back over each other.
fn overlap(a: &Edge, b: &Edge) -> bool {
    let ends = [a.0, a.1].into_iter().filter(|p| *p == b.0 || *p == b.1).count();
    if ends == 2 {
        return true;
    }
    turn(a.0, a.1, b.0) == 0 && turn(a.0, a.1, b.1) == 0 && (a.0 == b.0 || a.1 == b.1)
}

fn turn(a: Vertex, b: Vertex, c: Vertex) -> i64 {
    let (ux, uy) = (b[0] - a[0], b[1] - a[1]);
    let (vx, vy) = (c[0] - a[0], c[1] - a[1]);
    (ux * vy - uy * vx).signum()
}

fn within(a: Vertex, b: Vertex, p: Vertex) -> bool {
    (a[0].min(b[0])..=a[0].max(b[0])).contains(&p[0])
        && (a[1].min(b[1])..=a[1].max(b[1])).contains(&p[1])
}

/// Whether two closed segments have a point in common.
fn meet(a: Vertex, b: Vertex, c: Vertex, d: Vertex) -> bool {
    let apart = a[1].max(b[1]) < c[1].min(d[1]) || c[1].max(d[1]) < a[1].min(b[1]);
    if apart {
        return false;
    }
    let (t1, t2, t3, t4) = (turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b));
    if t1 * t2 < 0 && t3 * t4 < 0 {
        return true;
    }
    (t1 == 0 && within(a, b, c))
        || (t2 == 0 && within(a, b, d))
        || (t3 == 0 && within(c, d, a))
        || (t4 == 0 && within(c, d, b))
}

/// How often a polygon is taken apart: the crossings are put on integers, which may make new ones.
const ROUNDS: usize = 6;

/// Makes the last feature of a drawing drawable by anybody: its points start at `start`, its parts at
/// `first`. Outer rings, each followed by its holes. `true`: it had to be taken apart.
pub fn mend(
    points: &mut Vec<Vertex>,
    parts: &mut Vec<Part>,
    start: usize,
    first: usize,
    edges: &mut Vec<Edge>,
) -> bool {
    if is_simple(points, start, &parts[first..], edges) {
        return false;
    }
    let options = IntOverlayOptions { ogc: true, ..IntOverlayOptions::default() };
    let mut contours = contours(points, start, &parts[first..]);
    for _ in 0..ROUNDS {
        let shapes = contours.simplify(FillRule::EvenOdd, options);
        points.truncate(start);
        parts.truncate(first);
        let mut next = Vec::new();
        for shape in shapes {
            for (at, contour) in shape.into_iter().enumerate() {
                let ring = contour.iter().map(|point| [i64::from(point.x), i64::from(point.y)]);
                let before = points.len();
                points.extend(ring);
                if points.len() - before > 2 && area(&points[before..]) != 0 {
                    parts.push((points.len(), at == 0));
                    next.push(contour);
                    continue;
                }
                points.truncate(before);
                if at == 0 {
                    break;
                }
            }
        }
        if next == contours {
            break;
        }
        contours = next;
    }
    true
}

fn contours(points: &[Vertex], start: usize, parts: &[Part]) -> Vec<Vec<IntPoint>> {
    let mut from = start;
    let ring = |(end, _): &Part| {
        let ring = &points[from..*end];
        from = *end;
        ring.iter().map(|[x, y]| IntPoint { x: *x as i32, y: *y as i32 }).collect()
    };
    parts.iter().map(ring).collect()
}
