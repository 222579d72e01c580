//! Clipping to the rectangle of a tile and snapping to its integers. Tile coordinates: x east, y south.

/// Vertex in tile units: before clipping as far away as the other side of the world.
pub type Vertex = [i64; 2];

/// Edge of the drawn square beyond the tile.
pub const LOW: i64 = -64;
/// The other edge.
pub const HIGH: i64 = 4096 + 64;

/// Plane → tile units; `shift` = 20 − zoom.
pub fn vertex([x, y]: [u32; 2], origin: (i64, i64), shift: u32) -> Vertex {
    let half = (1i64 << shift) >> 1;
    [(i64::from(x) - origin.0 + half) >> shift, (i64::from(y) - origin.1 + half) >> shift]
}

/// The same for a line or a ring, with repeated points dropped.
pub fn snap(points: &[[u32; 2]], origin: (i64, i64), shift: u32, out: &mut Vec<Vertex>) {
    out.clear();
    for point in points {
        let vertex = vertex(*point, origin, shift);
        if out.last() != Some(&vertex) {
            out.push(vertex);
        }
    }
}

/// Whether every vertex lies in the drawn square.
pub fn is_inside(points: &[Vertex]) -> bool {
    points.iter().flatten().all(|n| (LOW..=HIGH).contains(n))
}

/// Sutherland–Hodgman against the four edges of the drawn square.
pub fn ring(points: &mut Vec<Vertex>, spare: &mut Vec<Vertex>) {
    for (axis, bound, keep_above) in
        [(0, LOW, true), (0, HIGH, false), (1, LOW, true), (1, HIGH, false)]
    {
        spare.clear();
        let Some(mut before) = points.last().copied() else {
            return;
        };
        let inside = |p: &Vertex| {
            if keep_above { p[axis] >= bound } else { p[axis] <= bound }
        };
        for point in points.iter().copied() {
            if inside(&before) != inside(&point) {
                spare.push(cross(before, point, axis, bound));
            }
            if inside(&point) {
                spare.push(point);
            }
            before = point;
        }
        std::mem::swap(points, spare);
    }
}

/// The crossing of a segment with `axis = bound`, the same from both ends.
fn cross(a: Vertex, b: Vertex, axis: usize, bound: i64) -> Vertex {
    let (a, b) = if a <= b { (a, b) } else { (b, a) };
    let other = 1 - axis;
    let share = (bound - a[axis]) as f64 / (b[axis] - a[axis]) as f64;
    let mut vertex = [bound; 2];
    vertex[other] = (a[other] as f64 + (b[other] - a[other]) as f64 * share).round() as i64;
    vertex
}

/// Drops repeated and collinear vertices of an open ring; `false` when no area is left. `kept` is scratch.
pub fn tidy(points: &mut Vec<Vertex>, kept: &mut Vec<Vertex>) -> bool {
    points.dedup();
    while points.len() > 1 && points.first() == points.last() {
        points.pop();
    }
    if points.len() < 3 {
        return false;
    }
    kept.clear();
    for at in 0..points.len() {
        let before = *kept.last().unwrap_or(&points[points.len() - 1]);
        let (here, next) = (points[at], points[(at + 1) % points.len()]);
        if !is_between(before, here, next) {
            kept.push(here);
        }
    }
    std::mem::swap(points, kept);
    points.len() >= 3 && area(points) != 0
}

fn is_between(a: Vertex, b: Vertex, c: Vertex) -> bool {
    let (ux, uy) = (b[0] - a[0], b[1] - a[1]);
    let (vx, vy) = (c[0] - b[0], c[1] - b[1]);
    ux * vy == uy * vx && ux * vx + uy * vy >= 0
}

/// Twice the signed area.
pub fn area(points: &[Vertex]) -> i64 {
    points.iter().zip(points.iter().cycle().skip(1)).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum()
}

/// The pieces of a line inside the drawn square.
pub fn line(points: &[Vertex]) -> Vec<Vec<Vertex>> {
    if is_inside(points) {
        return if points.len() > 1 { vec![points.to_vec()] } else { Vec::new() };
    }
    let mut pieces: Vec<Vec<Vertex>> = Vec::new();
    for pair in points.windows(2) {
        let Some((a, b)) = segment(pair[0], pair[1]) else {
            continue;
        };
        match pieces.last_mut() {
            Some(piece) if piece.last() == Some(&a) => piece.push(b),
            _ => pieces.push(vec![a, b]),
        }
    }
    for piece in &mut pieces {
        piece.dedup();
    }
    pieces.retain(|piece| piece.len() > 1);
    pieces
}

/// Liang–Barsky.
fn segment(a: Vertex, b: Vertex) -> Option<(Vertex, Vertex)> {
    let (dx, dy) = ((b[0] - a[0]) as f64, (b[1] - a[1]) as f64);
    let (mut from, mut to) = (0.0f64, 1.0f64);
    let sides = [
        (-dx, (a[0] - LOW) as f64),
        (dx, (HIGH - a[0]) as f64),
        (-dy, (a[1] - LOW) as f64),
        (dy, (HIGH - a[1]) as f64),
    ];
    for (p, q) in sides {
        if p == 0.0 {
            if q < 0.0 {
                return None;
            }
        } else if p < 0.0 {
            from = from.max(q / p);
        } else {
            to = to.min(q / p);
        }
    }
    if from > to {
        return None;
    }
    let at =
        |t: f64| [(a[0] as f64 + dx * t).round() as i64, (a[1] as f64 + dy * t).round() as i64];
    let start = if from > 0.0 { at(from) } else { a };
    let end = if to < 1.0 { at(to) } else { b };
    Some((start, end))
}
