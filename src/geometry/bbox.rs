//! A box of a request: parsed at the door, trusted inside.

use crate::error::{Error, Result};

/// A box in the axis order east, north. `west > east` is a box across the antimeridian.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bbox {
    pub west: f64,
    pub south: f64,
    pub east: f64,
    pub north: f64,
}

impl Bbox {
    /// Reads `a,b,c,d` or `a,b,zmin,c,d,zmax` (heights are left aside).
    ///
    /// `north_first` swaps the axes, as EPSG:4326 wants. `geographic` allows `west > east`.
    ///
    /// # Errors
    /// 400 `bbox`.
    ///
    /// # Source
    /// OGC API Features 1.0, requirement 23; RFC 7946 §5.
    pub fn parse(text: &str, north_first: bool, geographic: bool) -> Result<Self> {
        let fault = |detail: String| Error::parameter("bbox", detail);
        let numbers = text
            .split(',')
            .map(|part| part.trim().parse::<f64>().ok().filter(|n| n.is_finite()))
            .collect::<Option<Vec<f64>>>()
            .ok_or_else(|| fault(format!("{text:?} is not a list of finite numbers")))?;
        let (a, b, c, d) = match numbers[..] {
            [a, b, c, d] | [a, b, _, c, d, _] => (a, b, c, d),
            _ => {
                return Err(fault(format!("4 or 6 numbers are wanted, {} given", numbers.len())));
            }
        };
        let (west, south, east, north) = if north_first { (b, a, d, c) } else { (a, b, c, d) };
        if south > north {
            return Err(fault(format!("the lower edge {south} is above the upper edge {north}")));
        }
        if west > east && !geographic {
            return Err(fault(format!("the left edge {west} is right of the right edge {east}")));
        }
        if geographic && (west.abs() > 180.0 || east.abs() > 180.0) {
            return Err(fault(format!("longitudes {west}, {east} are outside -180 … 180")));
        }
        if geographic && (south < -90.0 || north > 90.0) {
            return Err(fault(format!("latitudes {south}, {north} are outside -90 … 90")));
        }
        Ok(Self { west, south, east, north })
    }

    /// The least plain box around this one and another; neither crosses the antimeridian.
    pub fn with(self, other: Self) -> Self {
        Self {
            west: self.west.min(other.west),
            south: self.south.min(other.south),
            east: self.east.max(other.east),
            north: self.north.max(other.north),
        }
    }

    /// The box as one or, across the antimeridian, two plain boxes.
    pub fn parts(self) -> Vec<Self> {
        if self.west <= self.east {
            return vec![self];
        }
        vec![Self { east: 180.0, ..self }, Self { west: -180.0, ..self }]
    }
}
