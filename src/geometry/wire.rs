//! From the city's system to the systems of the wire, vertex by vertex.
//!
//! PROJ takes about a microsecond a vertex. Over the window of one city the way back to degrees is so
//! smooth that a polynomial meets it to a hundredth of a millimetre: it is fitted to PROJ at the start,
//! compared with PROJ at places between, and not used where it differs. Outside the window PROJ answers.

use std::cell::RefCell;
use std::sync::Arc;

use proj::Proj;

use super::{Crs, Projector};
use crate::config::City;
use crate::error::{Error, Result};

/// Terms of the polynomial in each direction.
const TERMS: usize = 9;
/// Degrees by which it may differ from PROJ: a hundredth of a millimetre.
const TOLERANCE: f64 = 1e-10;
/// Metres around the bounds of the city.
const MARGIN: f64 = 2_000.0;
const RADIUS: f64 = 6_378_137.0;

/// The way from the city's system, metres, to longitude and latitude (CRS84).
pub struct ToDegrees {
    smooth: Option<Smooth>,
    proj: String,
}

/// Chebyshev polynomials over a window.
struct Smooth {
    middle: [f64; 2],
    half: [f64; 2],
    lng: [[f64; TERMS]; TERMS],
    lat: [[f64; TERMS]; TERMS],
}

thread_local! {
    /// PROJ is bound to its thread.
    static EXACT: RefCell<Option<(String, Proj)>> = const { RefCell::new(None) };
}

fn exact(definition: &str, x: f64, y: f64) -> Result<[f64; 2]> {
    EXACT.with_borrow_mut(|kept| {
        if kept.as_ref().is_none_or(|(known, _)| known != definition) {
            let text = format!("{definition} +type=crs");
            let back = Proj::new_known_crs(&text, "OGC:CRS84", None).map_err(Error::internal)?;
            *kept = Some((definition.to_string(), back));
        }
        let (_, back) = kept.as_ref().ok_or_else(|| Error::internal("no projection"))?;
        let (lng, lat) = back.convert((x, y)).map_err(Error::internal)?;
        Ok([lng, lat])
    })
}

impl ToDegrees {
    /// Fits the polynomial for a city.
    ///
    /// # Errors
    /// [`Error::Operator`] when PROJ refuses the city's system.
    pub fn new(city: &City) -> Result<Self> {
        let projector = Projector::new(&city.proj)?;
        let [west, south, east, north] = city.bounds;
        let (mut low, mut high) = ([f64::MAX; 2], [f64::MIN; 2]);
        for (lng, lat) in [(west, south), (west, north), (east, south), (east, north)] {
            let (x, y) = projector.project(lng, lat)?;
            for (axis, value) in [x, y].into_iter().enumerate() {
                low[axis] = low[axis].min(value - MARGIN);
                high[axis] = high[axis].max(value + MARGIN);
            }
        }
        let middle = [0, 1].map(|axis| (low[axis] + high[axis]) / 2.0);
        let half = [0, 1].map(|axis| (high[axis] - low[axis]) / 2.0);
        let fitted = Smooth::fit(middle, half, |x, y| exact(&city.proj, x, y))?;
        let mut worst: f64 = 0.0;
        for at in 0..400 {
            // Places between the nodes, spread by the golden ratio.
            let u = f64::from(at) / 200.0 - 1.0;
            let v = (f64::from(at) * 0.618_033_988_749_895).fract() * 2.0 - 1.0;
            let [x, y] = [middle[0] + u * half[0], middle[1] + v * half[1]];
            let (there, here) = (exact(&city.proj, x, y)?, fitted.at(u, v));
            worst = worst.max((there[0] - here[0]).abs()).max((there[1] - here[1]).abs());
        }
        let smooth = (worst < TOLERANCE).then_some(fitted);
        if smooth.is_none() {
            tracing::info!(worst, "PROJ answers for every vertex: the city's window is not smooth");
        }
        Ok(Self { smooth, proj: city.proj.clone() })
    }

    /// East, north (metres) → longitude, latitude.
    ///
    /// # Errors
    /// When PROJ cannot.
    pub fn degrees(&self, x: f64, y: f64) -> Result<[f64; 2]> {
        if let Some(smooth) = &self.smooth {
            let u = (x - smooth.middle[0]) / smooth.half[0];
            let v = (y - smooth.middle[1]) / smooth.half[1];
            if u.abs() <= 1.0 && v.abs() <= 1.0 {
                return Ok(smooth.at(u, v));
            }
        }
        exact(&self.proj, x, y)
    }
}

impl Smooth {
    fn fit(
        middle: [f64; 2],
        half: [f64; 2],
        exact: impl Fn(f64, f64) -> Result<[f64; 2]>,
    ) -> Result<Self> {
        let node = |k: usize| (std::f64::consts::PI * (k as f64 + 0.5) / TERMS as f64).cos();
        let mut fitted =
            Self { middle, half, lng: [[0.0; TERMS]; TERMS], lat: [[0.0; TERMS]; TERMS] };
        for k in 0..TERMS {
            for l in 0..TERMS {
                let (u, v) = (node(k), node(l));
                let [lng, lat] = exact(middle[0] + u * half[0], middle[1] + v * half[1])?;
                let scale = 4.0 / (TERMS * TERMS) as f64;
                for (i, tu) in terms(u).into_iter().enumerate() {
                    for (j, tv) in terms(v).into_iter().enumerate() {
                        let halves = i32::from(i == 0) + i32::from(j == 0);
                        let weight = scale * 0.5_f64.powi(halves) * tu * tv;
                        fitted.lng[i][j] += weight * lng;
                        fitted.lat[i][j] += weight * lat;
                    }
                }
            }
        }
        Ok(fitted)
    }

    fn at(&self, u: f64, v: f64) -> [f64; 2] {
        let (tu, tv) = (terms(u), terms(v));
        let (mut lng, mut lat) = (0.0, 0.0);
        for ((u, lngs), lats) in tu.into_iter().zip(&self.lng).zip(&self.lat) {
            let (mut along, mut across) = (0.0, 0.0);
            for ((v, x), y) in tv.into_iter().zip(lngs).zip(lats) {
                along += x * v;
                across += y * v;
            }
            lng += u * along;
            lat += u * across;
        }
        [lng, lat]
    }
}

fn terms(u: f64) -> [f64; TERMS] {
    let mut t = [1.0; TERMS];
    t[1] = u;
    for i in 2..TERMS {
        t[i] = 2.0 * u * t[i - 1] - t[i - 2];
    }
    t
}

/// From the city's system into one system of the wire.
#[derive(Clone)]
pub struct Wire {
    pub crs: Crs,
    to: Arc<ToDegrees>,
}

impl Wire {
    /// Into a system.
    pub fn new(crs: Crs, to: &Arc<ToDegrees>) -> Self {
        Self { crs, to: to.clone() }
    }

    /// A vertex; axes east, north.
    ///
    /// # Errors
    /// When PROJ cannot.
    pub fn vertex(&self, x: f64, y: f64) -> Result<[f64; 2]> {
        Ok(match self.crs {
            Crs::City(_) => [x, y],
            Crs::Crs84 | Crs::Epsg4326 => self.to.degrees(x, y)?,
            Crs::Epsg3857 => {
                let [lng, lat] = self.to.degrees(x, y)?;
                [lng.to_radians() * RADIUS, lat.to_radians().sin().atanh() * RADIUS]
            }
        })
    }
}
