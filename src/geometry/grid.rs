//! Tile addresses of WebMercatorQuad.

use crate::error::{Error, Result};

/// An address inside the grid: `z, row, col` here; `z/x/y` only at the edge of a URL.
///
/// # Source
/// OGC Two Dimensional Tile Matrix Set 2.0, annex D.1; TileJSON 3.0.0 §3.15.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TileAddress {
    z: u8,
    row: u32,
    col: u32,
}

impl TileAddress {
    /// Deepest zoom that is served.
    pub const ZOOM_MAX: u8 = 20;

    /// West, south, east, north in metres of EPSG:3857, grown by so much of the tile's width.
    pub fn mercator_box(self, grown: f64) -> [f64; 4] {
        let half = std::f64::consts::PI * 6_378_137.0;
        let width = 2.0 * half / f64::from(1u32 << self.z);
        let (west, north) =
            (f64::from(self.col) * width - half, half - f64::from(self.row) * width);
        let more = width * grown;
        [west - more, north - width - more, west + width + more, north + more]
    }

    /// From the parts of a URL.
    ///
    /// # Errors
    /// 400 naming `z`, `x` or `y`.
    pub fn from_xyz(z: &str, x: &str, y: &str) -> Result<Self> {
        let number = |name: &str, text: &str| {
            let plain = text.bytes().all(|byte| byte.is_ascii_digit())
                && (text.len() == 1 || !text.starts_with('0'));
            text.parse::<u32>().ok().filter(|_| plain).ok_or_else(|| {
                Error::parameter(name, format!("{text:?} is not a whole number in its usual form"))
            })
        };
        let zoom = number("z", z)?;
        if zoom > u32::from(Self::ZOOM_MAX) {
            let detail = format!("{zoom} is deeper than the deepest zoom, {}", Self::ZOOM_MAX);
            return Err(Error::parameter("z", detail));
        }
        let (col, row) = (number("x", x)?, number("y", y)?);
        let side = 1u32 << zoom;
        for (name, value) in [("x", col), ("y", row)] {
            if value >= side {
                let detail = format!("{value} is outside 0 … {} of zoom {zoom}", side - 1);
                return Err(Error::parameter(name, detail));
            }
        }
        Ok(Self { z: zoom as u8, row, col })
    }

    /// An address that is known; `None` outside the grid.
    pub fn new(z: u8, row: u32, col: u32) -> Option<Self> {
        let inside = z <= Self::ZOOM_MAX && row >> z == 0 && col >> z == 0;
        inside.then_some(Self { z, row, col })
    }

    /// The tile of a zoom that holds a place in CRS84; places beyond the grid are in its outermost tiles.
    pub fn at(z: u8, lng: f64, lat: f64) -> Self {
        let z = z.min(Self::ZOOM_MAX);
        let side = f64::from(1u32 << z);
        let north = (1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0;
        let within = |share: f64| (share * side).clamp(0.0, side - 1.0) as u32;
        Self { z, row: within(north), col: within((lng + 180.0) / 360.0) }
    }

    /// Zoom.
    pub fn z(self) -> u8 {
        self.z
    }

    /// Row, from the north.
    pub fn row(self) -> u32 {
        self.row
    }

    /// Column, from the west.
    pub fn col(self) -> u32 {
        self.col
    }

    /// The ancestor at a zoom not deeper than `z`.
    pub fn ancestor(self, z: u8) -> Self {
        let up = self.z.saturating_sub(z);
        Self { z: self.z - up, row: self.row >> up, col: self.col >> up }
    }

    /// Corner of least x and y in units of the plane of 2³² × 2³² (x east, y south).
    pub fn origin(self) -> (i64, i64) {
        let shift = 32 - u32::from(self.z);
        (i64::from(self.col) << shift, i64::from(self.row) << shift)
    }
}
