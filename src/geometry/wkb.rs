//! WKB as PostGIS writes it, walked in one pass: its text, its envelope, its shortest numbers.
//!
//! Little-endian, two dimensions, no SRID inside. A walk allocates nothing. *Not here*: GeoJSON in
//! (`codec.rs`).

use super::Bbox;
use crate::error::{Error, Result};

/// What a geometry is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Point,
    Line,
    Polygon,
    MultiPoint,
    MultiLine,
    MultiPolygon,
    /// A ring of a polygon; the first one is the outer.
    Ring,
}

impl Part {
    /// The name of the whole in WKT, and, in other letters, in GeoJSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Point => "Point",
            Self::Line | Self::Ring => "LineString",
            Self::Polygon => "Polygon",
            Self::MultiPoint => "MultiPoint",
            Self::MultiLine => "MultiLineString",
            Self::MultiPolygon => "MultiPolygon",
        }
    }
}

/// Where in the geometry a walk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Among its siblings, from 0.
    pub index: u32,
    /// Steps below the whole, whose depth is 0; at most 2.
    pub depth: u8,
}

/// Sees the parts of a geometry in the order in which they stand.
pub trait Visitor {
    /// A part with `count` members (members, rings or vertices; 0: it is empty) begins.
    fn begin(&mut self, part: Part, count: u32, place: Place);
    /// A vertex: east, north; finite. `index` counts from 0 within its part.
    fn vertex(&mut self, east: f64, north: f64, index: u32);
    /// The part ends.
    fn end(&mut self, part: Part, place: Place);
}

/// Walks over a geometry.
///
/// # Errors
/// [`Error::Internal`]: the bytes are not little-endian 2D WKB of a point, line, polygon or many of one of
/// them, or a coordinate is not finite.
///
/// # Source
/// OGC 06-103r4 §8.2; an empty point has NaN for coordinates.
pub fn walk(wkb: &[u8], visitor: &mut impl Visitor) -> Result<()> {
    let mut rest = wkb;
    geometry(&mut rest, visitor, Place { index: 0, depth: 0 }, None)?;
    if rest.is_empty() { Ok(()) } else { Err(broken("bytes follow the geometry")) }
}

fn broken(what: &str) -> Error {
    Error::internal(format!("WKB: {what}"))
}

fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Result<&'a [u8; N]> {
    let (head, tail) = rest.split_first_chunk().ok_or_else(|| broken("it ends too early"))?;
    *rest = tail;
    Ok(head)
}

fn count(rest: &mut &[u8]) -> Result<u32> {
    Ok(u32::from_le_bytes(*take(rest)?))
}

fn position(rest: &mut &[u8]) -> Result<(f64, f64)> {
    let (east, north) = (f64::from_le_bytes(*take(rest)?), f64::from_le_bytes(*take(rest)?));
    Ok((east, north))
}

fn geometry(
    rest: &mut &[u8],
    visitor: &mut impl Visitor,
    place: Place,
    wanted: Option<Part>,
) -> Result<()> {
    if *take::<1>(rest)? != [1] {
        return Err(broken("it is not little-endian"));
    }
    let (part, member) = match count(rest)? {
        1 => (Part::Point, None),
        2 => (Part::Line, None),
        3 => (Part::Polygon, None),
        4 => (Part::MultiPoint, Some(Part::Point)),
        5 => (Part::MultiLine, Some(Part::Line)),
        6 => (Part::MultiPolygon, Some(Part::Polygon)),
        other => return Err(broken(&format!("type {other} is not known here"))),
    };
    if wanted.is_some_and(|wanted| wanted != part) {
        return Err(broken("a member is of another type than its whole"));
    }
    let below = |index: u32| Place { index, depth: place.depth + 1 };
    match (part, member) {
        (_, Some(_)) => {
            let members = count(rest)?;
            visitor.begin(part, members, place);
            for index in 0..members {
                geometry(rest, visitor, below(index), member)?;
            }
        }
        (Part::Point, None) => {
            let (east, north) = position(rest)?;
            let empty = east.is_nan() && north.is_nan();
            visitor.begin(part, u32::from(!empty), place);
            if !empty {
                vertex(visitor, (east, north), 0)?;
            }
        }
        (Part::Polygon, None) => {
            let rings = count(rest)?;
            visitor.begin(part, rings, place);
            for index in 0..rings {
                line(rest, visitor, Part::Ring, below(index))?;
                visitor.end(Part::Ring, below(index));
            }
        }
        _ => line(rest, visitor, part, place)?,
    }
    visitor.end(part, place);
    Ok(())
}

fn line(rest: &mut &[u8], visitor: &mut impl Visitor, part: Part, place: Place) -> Result<()> {
    let vertices = count(rest)?;
    visitor.begin(part, vertices, place);
    for index in 0..vertices {
        vertex(visitor, position(rest)?, index)?;
    }
    Ok(())
}

fn vertex(visitor: &mut impl Visitor, (east, north): (f64, f64), index: u32) -> Result<()> {
    if !(east.is_finite() && north.is_finite()) {
        return Err(broken("a coordinate is not finite"));
    }
    visitor.vertex(east, north, index);
    Ok(())
}

/// The least box around a geometry, in its own units; `None`: it is empty.
///
/// # Errors
/// Those of [`walk`].
pub fn envelope(wkb: &[u8]) -> Result<Option<Bbox>> {
    struct Envelope(Option<Bbox>);
    impl Visitor for Envelope {
        fn begin(&mut self, _: Part, _: u32, _: Place) {}
        fn vertex(&mut self, east: f64, north: f64, _: u32) {
            let here = Bbox { west: east, south: north, east, north };
            self.0 = Some(self.0.map_or(here, |known| known.with(here)));
        }
        fn end(&mut self, _: Part, _: Place) {}
    }
    let mut found = Envelope(None);
    walk(wkb, &mut found)?;
    Ok(found.0)
}

/// Appends the geometry as WKT, with at most `digits` decimals; `north_first` writes north before east.
///
/// # Errors
/// Those of [`walk`]; then `out` holds a part of it.
pub fn wkt(wkb: &[u8], digits: usize, north_first: bool, out: &mut Vec<u8>) -> Result<()> {
    struct Text<'a> {
        digits: usize,
        north_first: bool,
        /// Whether the part at this depth has a parenthesis to close.
        open: [bool; 4],
        out: &'a mut Vec<u8>,
    }
    impl Visitor for Text<'_> {
        fn begin(&mut self, part: Part, count: u32, place: Place) {
            if place.index > 0 {
                self.out.push(b',');
            }
            if place.depth == 0 {
                self.out.extend(part.name().bytes().map(|letter| letter.to_ascii_uppercase()));
            }
            self.open[usize::from(place.depth)] = count > 0;
            match (count, place.depth) {
                (0, 0) => self.out.extend_from_slice(b" EMPTY"),
                (0, _) => self.out.extend_from_slice(b"EMPTY"),
                _ => self.out.push(b'('),
            }
        }
        fn vertex(&mut self, east: f64, north: f64, index: u32) {
            if index > 0 {
                self.out.push(b',');
            }
            let (first, second) = if self.north_first { (north, east) } else { (east, north) };
            decimal(first, self.digits, self.out);
            self.out.push(b' ');
            decimal(second, self.digits, self.out);
        }
        fn end(&mut self, _: Part, place: Place) {
            if self.open[usize::from(place.depth)] {
                self.out.push(b')');
            }
        }
    }
    walk(wkb, &mut Text { digits, north_first, open: [false; 4], out })
}

/// Appends a finite number with at most `digits` (≤ 9) decimals and without zeros at its end; never `-0`.
pub fn decimal(value: f64, digits: usize, out: &mut Vec<u8>) {
    const POWERS: [u64; 10] =
        [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];
    let digits = digits.min(9);
    let power = POWERS[digits];
    let scaled = (value.abs() * power as f64).round();
    if scaled >= 9e15 {
        let text = format!("{value:.digits$}");
        let text =
            if digits > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        out.extend_from_slice(text.as_bytes());
        return;
    }
    let scaled = scaled as u64;
    if value < 0.0 && scaled > 0 {
        out.push(b'-');
    }
    let mut buffer = [0u8; 20];
    let mut whole = scaled / power;
    let mut at = buffer.len();
    loop {
        at -= 1;
        buffer[at] = b'0' + (whole % 10) as u8;
        whole /= 10;
        if whole == 0 {
            break;
        }
    }
    out.extend_from_slice(&buffer[at..]);
    let mut fraction = scaled % power;
    if fraction == 0 {
        return;
    }
    let mut length = digits;
    while fraction.is_multiple_of(10) {
        fraction /= 10;
        length -= 1;
    }
    for place in (0..length).rev() {
        buffer[place] = b'0' + (fraction % 10) as u8;
        fraction /= 10;
    }
    out.push(b'.');
    out.extend_from_slice(&buffer[..length]);
}
