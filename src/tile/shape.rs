//! From a geometry of PostGIS to integers of the plane: rings, box, area, label point.

use postgis::ewkb;

/// Half the side of the Web Mercator plane, in metres.
const HALF: f64 = 20_037_508.342_789_244;
/// Side of the plane in its units.
pub const SIDE: f64 = 4_294_967_296.0;

/// Rings, lines or points being read.
#[derive(Debug, Default)]
pub struct Shape {
    pub parts: Vec<(u32, bool)>,
    pub points: Vec<[u32; 2]>,
}

impl Shape {
    /// Takes a geometry in EPSG:3857.
    pub fn add(&mut self, geometry: &ewkb::Geometry) {
        use ewkb::GeometryT as G;
        match geometry {
            G::Point(point) => self.part(std::slice::from_ref(point), false, false),
            G::LineString(line) => self.part(&line.points, false, false),
            G::Polygon(polygon) => self.polygon(polygon),
            G::MultiPoint(many) => {
                many.points.iter().for_each(|p| self.part(std::slice::from_ref(p), false, false));
            }
            G::MultiLineString(many) => {
                many.lines.iter().for_each(|line| self.part(&line.points, false, false));
            }
            G::MultiPolygon(many) => many.polygons.iter().for_each(|p| self.polygon(p)),
            G::GeometryCollection(many) => many.geometries.iter().for_each(|g| self.add(g)),
        }
    }

    fn polygon(&mut self, polygon: &ewkb::Polygon) {
        for (at, ring) in polygon.rings.iter().enumerate() {
            self.part(&ring.points, true, at == 0);
        }
    }

    fn part(&mut self, points: &[ewkb::Point], ring: bool, outer: bool) {
        let start = self.points.len();
        for point in points {
            let x = ((point.x / HALF + 1.0) / 2.0 * SIDE).round().clamp(0.0, SIDE - 1.0) as u32;
            let y = ((1.0 - point.y / HALF) / 2.0 * SIDE).round().clamp(0.0, SIDE - 1.0) as u32;
            self.points.push([x, y]);
        }
        if ring && self.points.len() > start + 1 && self.points.last() == Some(&self.points[start])
        {
            self.points.pop();
        }
        self.parts.push((self.points.len() as u32, outer));
    }

    /// Least and greatest x and y; `None`: empty.
    pub fn bbox(&self) -> Option<[u32; 4]> {
        let [x, y] = *self.points.first()?;
        Some(self.points.iter().fold([x, y, x, y], |b, [x, y]| {
            [b[0].min(*x), b[1].min(*y), b[2].max(*x), b[3].max(*y)]
        }))
    }

    fn rings(&self) -> impl Iterator<Item = (&[[u32; 2]], bool)> {
        rings(&self.parts, &self.points)
    }

    /// Number along a curve that keeps near what is near (Z-order of its first vertex).
    pub fn place(&self) -> u64 {
        let spread = |n: u32| {
            let mut n = u64::from(n);
            for (shift, mask) in [
                (16, 0x0000_ffff_0000_ffff),
                (8, 0x00ff_00ff_00ff_00ff),
                (4, 0x0f0f_0f0f_0f0f_0f0f),
                (2, 0x3333_3333_3333_3333),
                (1, 0x5555_5555_5555_5555),
            ] {
                n = (n | (n << shift)) & mask;
            }
            n
        };
        self.points.first().map_or(0, |[x, y]| spread(*x) | spread(*y) << 1)
    }

    /// A point inside the largest polygon; a line's middle vertex; a point itself.
    pub fn label(&self, bbox: [u32; 4]) -> [u32; 2] {
        let outer = self.rings().enumerate().filter(|(_, (_, outer))| *outer);
        let largest = outer.max_by(|a, b| ring_area(a.1.0).total_cmp(&ring_area(b.1.0)));
        let Some((first, _)) = largest else {
            return self.points[self.points.len() / 2];
        };
        let mut rings = self.rings().skip(first);
        let outer = rings.next().into_iter();
        let polygon: Vec<&[[u32; 2]]> =
            outer.chain(rings.take_while(|(_, outer)| !outer)).map(|(ring, _)| ring).collect();
        let ring = polygon.first().copied().unwrap_or_default();
        let low = ring.iter().map(|[_, y]| *y).min().unwrap_or(bbox[1]);
        let high = ring.iter().map(|[_, y]| *y).max().unwrap_or(bbox[3]);
        // The middle row first; a quarter up or down where that only touches the polygon.
        [2, 1, 3]
            .into_iter()
            .filter_map(|quarter| {
                widest(&polygon, f64::from(low) + f64::from(high - low) * f64::from(quarter) / 4.0)
            })
            .next()
            .unwrap_or([bbox[0] / 2 + bbox[2] / 2, bbox[1] / 2 + bbox[3] / 2])
    }
}

/// The middle of the widest piece of a polygon on a row of the plane.
fn widest(polygon: &[&[[u32; 2]]], row: f64) -> Option<[u32; 2]> {
    let row = row.floor() + 0.5; // between whole numbers: no vertex lies on it
    let mut crossings: Vec<f64> = Vec::new();
    for ring in polygon {
        for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
            let ([x1, y1], [x2, y2]) = (a.map(f64::from), b.map(f64::from));
            if (y1 < row) != (y2 < row) {
                crossings.push(x1 + (row - y1) / (y2 - y1) * (x2 - x1));
            }
        }
    }
    crossings.sort_unstable_by(f64::total_cmp);
    let pieces = crossings.chunks_exact(2).map(|piece| (piece[1] - piece[0], piece[0] + piece[1]));
    let (width, sum) = pieces.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (width > 0.0).then_some([(sum / 2.0) as u32, row as u32])
}

/// Plane → CRS84: west, south, east, north.
pub fn degrees(bbox: [u32; 4]) -> [f64; 4] {
    let lng = |x: u32| f64::from(x) / SIDE * 360.0 - 180.0;
    let lat = |y: u32| {
        let n = std::f64::consts::PI * (1.0 - 2.0 * f64::from(y) / SIDE);
        n.sinh().atan().to_degrees()
    };
    [lng(bbox[0]), lat(bbox[3]), lng(bbox[2]), lat(bbox[1])]
}

/// The rings or lines of flat storage.
pub fn rings<'a>(
    parts: &'a [(u32, bool)],
    points: &'a [[u32; 2]],
) -> impl Iterator<Item = (&'a [[u32; 2]], bool)> {
    let mut start = 0;
    parts.iter().map(move |(end, outer)| {
        let ring = &points[start..*end as usize];
        start = *end as usize;
        (ring, *outer)
    })
}

fn ring_area(ring: &[[u32; 2]]) -> f64 {
    let Some([x0, y0]) = ring.first().map(|[x, y]| [f64::from(*x), f64::from(*y)]) else {
        return 0.0;
    };
    let mut sum = 0.0;
    for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
        sum += (f64::from(a[0]) - x0) * (f64::from(b[1]) - y0);
        sum -= (f64::from(b[0]) - x0) * (f64::from(a[1]) - y0);
    }
    (sum / 2.0).abs()
}
