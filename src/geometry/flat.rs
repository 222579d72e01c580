//! A geometry laid flat: read from EWKB, brought into a system, written as GeoJSON or WKB.
//!
//! One value is used for all rows of an answer, so that no vertex costs an allocation.

use super::Wire;
use super::wkb::decimal;
use crate::error::{Error, Result};

/// Vertices, and where rings (or lines) and polygons end.
#[derive(Debug, Default, Clone)]
pub struct Flat {
    /// Type of OGC 06-103r4: 1 point, 2 line, 3 polygon, 4 … 6 many of them.
    kind: u32,
    points: Vec<[f64; 2]>,
    /// End of each ring or line in `points`.
    rings: Vec<usize>,
    /// End of each polygon in `rings`.
    polygons: Vec<usize>,
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (head, rest) =
            self.0.split_first_chunk().ok_or_else(|| Error::internal("EWKB ends too early"))?;
        self.0 = rest;
        Ok(*head)
    }

    fn number(&mut self) -> Result<u32> {
        self.take().map(u32::from_le_bytes)
    }

    /// Type and count of dimensions.
    fn head(&mut self) -> Result<(u32, usize)> {
        if self.take::<1>()? != [1] {
            return Err(Error::internal("EWKB that is not little-endian"));
        }
        let word = self.number()?;
        if word & 0x2000_0000 != 0 {
            self.number()?;
        }
        let dimensions = 2 + (word >> 31) as usize + ((word >> 30) & 1) as usize;
        Ok((word & 0xff, dimensions))
    }

    fn point(&mut self, dimensions: usize) -> Result<[f64; 2]> {
        let at = [f64::from_le_bytes(self.take()?), f64::from_le_bytes(self.take()?)];
        for _ in 2..dimensions {
            self.take::<8>()?;
        }
        Ok(at)
    }
}

impl Flat {
    /// Reads EWKB or WKB, heights left aside.
    ///
    /// # Errors
    /// [`Error::Internal`] for what PostGIS does not send: a collection of kinds, cut bytes.
    pub fn read(&mut self, ewkb: &[u8]) -> Result<()> {
        self.points.clear();
        self.rings.clear();
        self.polygons.clear();
        let mut reader = Reader(ewkb);
        let (kind, dimensions) = reader.head()?;
        self.kind = kind;
        match kind {
            1..=3 => self.part(&mut reader, kind, dimensions),
            4..=6 => {
                for _ in 0..reader.number()? {
                    let (kind, dimensions) = reader.head()?;
                    self.part(&mut reader, kind, dimensions)?;
                }
                Ok(())
            }
            other => Err(Error::internal(format!("a geometry of type {other}"))),
        }
    }

    fn part(&mut self, reader: &mut Reader<'_>, kind: u32, dimensions: usize) -> Result<()> {
        let mut line = |reader: &mut Reader<'_>| -> Result<()> {
            for _ in 0..reader.number()? {
                self.points.push(reader.point(dimensions)?);
            }
            self.rings.push(self.points.len());
            Ok(())
        };
        match kind {
            1 => {
                let at = reader.point(dimensions)?;
                // PostGIS writes an empty point as NaN.
                if at[0].is_finite() {
                    self.points.push(at);
                }
            }
            2 => line(reader)?,
            3 => {
                for _ in 0..reader.number()? {
                    line(reader)?;
                }
                self.polygons.push(self.rings.len());
            }
            other => return Err(Error::internal(format!("a part of type {other}"))),
        }
        Ok(())
    }

    /// Brings every vertex into a system and turns outer rings counter-clockwise, holes clockwise.
    ///
    /// # Errors
    /// When PROJ cannot.
    pub fn bring(&mut self, wire: &Wire) -> Result<()> {
        let mut first_ring = 0;
        for at in 0..self.polygons.len() {
            let end = self.polygons[at];
            for ring in first_ring..end {
                let span = self.span(ring);
                let points = &mut self.points[span];
                let outer = ring == first_ring;
                if (doubled_area(points) > 0.0) != outer {
                    points.reverse();
                }
            }
            first_ring = end;
        }
        for point in &mut self.points {
            *point = wire.vertex(point[0], point[1])?;
        }
        Ok(())
    }

    /// Whether it is of points (0), lines (1) or areas (2).
    pub fn dimension(&self) -> u8 {
        match self.kind {
            1 | 4 => 0,
            2 | 5 => 1,
            _ => 2,
        }
    }

    /// Its lines or rings, or all of its points as one.
    pub fn lines(&self) -> impl Iterator<Item = &[[f64; 2]]> {
        let whole = (self.dimension() == 0).then_some(&self.points[..]);
        let starts = std::iter::once(&0).chain(&self.rings);
        whole.into_iter().chain(starts.zip(&self.rings).map(|(from, to)| &self.points[*from..*to]))
    }

    /// Where the vertices of a ring or line stand.
    fn span(&self, ring: usize) -> std::ops::Range<usize> {
        let start = if ring == 0 { 0 } else { self.rings[ring - 1] };
        start..self.rings[ring]
    }

    /// Writes GeoJSON with so many decimals; `north_first`: latitude before longitude.
    pub fn write_geojson(&self, digits: usize, north_first: bool, out: &mut Vec<u8>) {
        let name = match self.kind {
            1 => "Point",
            2 => "LineString",
            3 => "Polygon",
            4 => "MultiPoint",
            5 => "MultiLineString",
            _ => "MultiPolygon",
        };
        out.extend_from_slice(b"{\"type\":\"");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\",\"coordinates\":");
        let position = |out: &mut Vec<u8>, [x, y]: [f64; 2]| {
            let [a, b] = if north_first { [y, x] } else { [x, y] };
            out.push(b'[');
            decimal(a, digits, out);
            out.push(b',');
            decimal(b, digits, out);
            out.push(b']');
        };
        let points = |out: &mut Vec<u8>, span: std::ops::Range<usize>| {
            out.push(b'[');
            for (at, point) in self.points[span].iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                position(out, *point);
            }
            out.push(b']');
        };
        let rings = |out: &mut Vec<u8>, from: usize, to: usize| {
            out.push(b'[');
            for ring in from..to {
                if ring > from {
                    out.push(b',');
                }
                points(out, self.span(ring));
            }
            out.push(b']');
        };
        match self.kind {
            1 => match self.points.first() {
                Some(point) => position(out, *point),
                None => out.extend_from_slice(b"[]"),
            },
            2 | 4 => points(out, 0..self.points.len()),
            3 | 5 => rings(out, 0, self.rings.len()),
            _ => {
                out.push(b'[');
                let mut from = 0;
                for (at, to) in self.polygons.iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    rings(out, from, *to);
                    from = *to;
                }
                out.push(b']');
            }
        }
        out.push(b'}');
    }

    /// Little-endian WKB (2D).
    pub fn to_wkb(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(32 + self.points.len() * 16 + self.rings.len() * 8);
        let head = |out: &mut Vec<u8>, kind: u32| {
            out.push(1);
            out.extend_from_slice(&kind.to_le_bytes());
        };
        let count = |out: &mut Vec<u8>, count: usize| {
            out.extend_from_slice(&(count as u32).to_le_bytes());
        };
        let put = |out: &mut Vec<u8>, points: &[[f64; 2]]| {
            for number in points.iter().flatten() {
                out.extend_from_slice(&number.to_le_bytes());
            }
        };
        let line = |out: &mut Vec<u8>, ring: usize| {
            let span = self.span(ring);
            count(out, span.len());
            put(out, &self.points[span]);
        };
        head(&mut out, self.kind);
        match self.kind {
            1 => match self.points.first() {
                Some(point) => put(&mut out, &[*point]),
                None => put(&mut out, &[[f64::NAN; 2]]),
            },
            2 => line(&mut out, 0),
            3 => {
                count(&mut out, self.rings.len());
                (0..self.rings.len()).for_each(|ring| line(&mut out, ring));
            }
            4 => {
                count(&mut out, self.points.len());
                for point in &self.points {
                    head(&mut out, 1);
                    put(&mut out, &[*point]);
                }
            }
            5 => {
                count(&mut out, self.rings.len());
                for ring in 0..self.rings.len() {
                    head(&mut out, 2);
                    line(&mut out, ring);
                }
            }
            _ => {
                count(&mut out, self.polygons.len());
                let mut from = 0;
                for to in &self.polygons {
                    head(&mut out, 3);
                    count(&mut out, to - from);
                    (from..*to).for_each(|ring| line(&mut out, ring));
                    from = *to;
                }
            }
        }
        out
    }
}

/// Twice the area, positive when counter-clockwise.
fn doubled_area(ring: &[[f64; 2]]) -> f64 {
    let Some([x0, y0]) = ring.first() else { return 0.0 };
    let cross = |pair: &[[f64; 2]]| {
        (pair[0][0] - x0) * (pair[1][1] - y0) - (pair[1][0] - x0) * (pair[0][1] - y0)
    };
    ring.windows(2).map(cross).sum()
}
