//! The size of the city and where things are: from the plan (kilometres from the kremlin, as Kazan
//! lies) to metres of a city of any size, and the outline of the municipality.

use super::plane::{Pt, pt};
use super::rng::{Noise, Warp, cos, sin};

/// The scale of one city.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The seed everything follows from.
    pub seed: u64,
    /// How many parcels are wanted.
    pub parcels: usize,
    /// From the middle to the rim, m.
    pub radius: f64,
    /// Metres of a plan kilometre at the kremlin.
    pub km: f64,
    /// The bend of the whole plan.
    pub warp: Warp,
}

/// Distance of the plan's rim from the kremlin, km.
const RIM_KM: f64 = 7.0;

impl Plan {
    /// A city for so many parcels: 20 000 are 13 km across, 200 000 about 30 km.
    pub fn new(seed: u64, parcels: usize) -> Plan {
        let n = parcels.clamp(200, 400_000) as f64;
        let share = n / 20_000.0;
        // Small cities are as dense as a big one's middle; big ones spread into the country.
        let across =
            13_000.0 * if share < 1.0 { share.sqrt() } else { share.sqrt() * spread(share) };
        let radius = (across / 2.0).min(16_200.0);
        let km = 1000.0 * (radius / 1000.0 / RIM_KM).clamp(0.42, 1.0);
        Plan { seed, parcels, radius, km, warp: Warp((seed % 1000) as f64 * 0.006_283) }
    }

    /// A place of the plan, given in km from the kremlin, in metres.
    pub fn at(&self, x: f64, y: f64) -> Pt {
        let p = pt(x, y) * (self.km / 1000.0);
        let r = (p.len() / RIM_KM).min(1.25);
        let grow = (self.radius / 1000.0 / RIM_KM - 1.0).max(0.0);
        p * (1000.0 * (1.0 + grow * r * r * (2.2 - r) / 1.2))
    }

    /// The places of a plan line, in metres.
    pub fn line(&self, km: &[(f64, f64)]) -> Vec<Pt> {
        km.iter().map(|&(x, y)| self.at(x, y)).collect()
    }

    /// How far out a place is: 0 the kremlin, 1 the rim.
    pub fn out(&self, p: Pt) -> f64 {
        p.len() / self.radius
    }

    /// The noise of one subject.
    pub fn noise(&self, subject: u64) -> Noise {
        Noise(self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ subject)
    }

    /// The outline of the municipality before it is bent.
    pub fn outline(&self) -> Vec<Pt> {
        // East, then counter-clockwise; the south-west is the wide Volga.
        const SHAPE: [f64; 12] =
            [1.02, 1.0, 1.05, 1.02, 1.06, 1.08, 1.04, 0.72, 0.66, 0.95, 1.02, 1.04];
        let noise = self.noise(1);
        let middle = pt(self.radius * 0.07, self.radius * 0.04);
        let count = 96;
        let mut out = Vec::with_capacity(count);
        for k in 0..count {
            let turn = k as f64 / count as f64;
            let at = turn * 12.0;
            let (i, t) = (at.floor() as usize, at - at.floor());
            let t = t * t * (3.0 - 2.0 * t);
            let shape = SHAPE[i % 12] * (1.0 - t) + SHAPE[(i + 1) % 12] * t;
            let angle = turn * std::f64::consts::TAU;
            let way = pt(cos(angle), sin(angle));
            let rough = noise.at(way * 1000.0, 260.0) * 0.035 + noise.at(way * 1000.0, 90.0) * 0.02;
            out.push(middle + way * (self.radius * (shape + rough)));
        }
        out
    }
}

/// 1 at the share 1, falling so that ten times the parcels are 30 km across.
fn spread(share: f64) -> f64 {
    // share^-0.137 as repeated square roots: 0.137 is about 1/8 + 1/64 - 1/256.
    let eighth = share.sqrt().sqrt().sqrt();
    let sixtyfourth = eighth.sqrt().sqrt().sqrt();
    let twofiftysixth = sixtyfourth.sqrt().sqrt();
    twofiftysixth / (eighth * sixtyfourth)
}
