//! Chance that is always the same: a SplitMix64 stream, smooth noise, sine and cosine.
//!
//! Only additions, multiplications, divisions and square roots are used, which IEEE 754 rounds
//! alike on every machine; the sine of the platform's library is not, so it is not asked.
//! Streams are
//! named by numbers ([`Rng::of`]): a change in one part of the city does not shift the others.

use super::plane::{Pt, pt};

/// A stream of random numbers (SplitMix64).
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// The stream of one subject: a city's seed, the number of the part, the number of the thing.
    pub fn of(seed: u64, part: u64, thing: u64) -> Rng {
        let start = mix(seed ^ 0x51_7c_c1_b7_27_22_0a_95)
            .wrapping_add(mix(part.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
            .wrapping_add(mix(thing.wrapping_add(0x2545_f491_4f6c_dd1d)).rotate_left(17));
        Rng(mix(start))
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number from 0 up to but not including 1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number between `low` and `high`.
    pub fn range(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A whole number from `low` to `high`, both possible.
    pub fn whole(&mut self, low: i64, high: i64) -> i64 {
        low + (self.bits() % (high - low + 1).max(1) as u64) as i64
    }

    /// True so often.
    pub fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// One of the things.
    pub fn pick<T: Copy>(&mut self, things: &[T]) -> T {
        things[(self.bits() % things.len() as u64) as usize]
    }

    /// One of the things, by weight.
    pub fn weighted<T: Copy>(&mut self, things: &[(T, f64)]) -> T {
        let total: f64 = things.iter().map(|t| t.1).sum();
        let mut at = self.unit() * total;
        for (thing, weight) in things {
            at -= weight;
            if at < 0.0 {
                return *thing;
            }
        }
        things[things.len() - 1].0
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Sine by its series, to about 1e-11.
pub fn sin(x: f64) -> f64 {
    const TURN: f64 = std::f64::consts::TAU;
    const HALF: f64 = std::f64::consts::PI;
    let mut r = x - (x / TURN).floor() * TURN;
    if r > HALF {
        r -= TURN;
    }
    if r > HALF / 2.0 {
        r = HALF - r;
    } else if r < -HALF / 2.0 {
        r = -HALF - r;
    }
    let q = r * r;
    let mut sum = 1.0;
    for k in [18.0, 16.0, 14.0, 12.0, 10.0, 8.0, 6.0, 4.0, 2.0] {
        sum = 1.0 - q / (k * (k + 1.0)) * sum;
    }
    r * sum
}

/// Cosine, from [`sin`].
pub fn cos(x: f64) -> f64 {
    sin(x + std::f64::consts::FRAC_PI_2)
}

/// Smooth noise over the plane.
#[derive(Clone, Copy, Debug)]
pub struct Noise(pub u64);

impl Noise {
    /// The noise at a place, from -1 to 1; `wave` is the distance over which it changes, m.
    pub fn at(self, p: Pt, wave: f64) -> f64 {
        let (x, y) = (p.x / wave, p.y / wave);
        let (i, j) = (x.floor(), y.floor());
        let (u, v) = (ease(x - i), ease(y - j));
        let low = self.knot(i, j) * (1.0 - u) + self.knot(i + 1.0, j) * u;
        let high = self.knot(i, j + 1.0) * (1.0 - u) + self.knot(i + 1.0, j + 1.0) * u;
        low * (1.0 - v) + high * v
    }

    fn knot(self, i: f64, j: f64) -> f64 {
        let (i, j) = (i as i64 as u64, j as i64 as u64);
        let h = mix(self.0 ^ mix(i.wrapping_mul(0x9e37_79b9).wrapping_add(j.rotate_left(32))));
        (h >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

fn ease(t: f64) -> f64 {
    t * t * (3.0 - 2.0 * t)
}

/// The smooth warp that bends what was cut straight; it leaves the kremlin where it is.
#[derive(Clone, Copy, Debug)]
pub struct Warp(pub f64);

impl Warp {
    /// Where a place of the plan comes to lie.
    pub fn bend(self, p: Pt) -> Pt {
        let (d, d0) = (self.drift(p), self.drift(pt(0.0, 0.0)));
        pt(p.x + d.x - d0.x, p.y + d.y - d0.y)
    }

    fn drift(self, p: Pt) -> Pt {
        let s = self.0;
        pt(
            150.0 * sin(p.y / 930.0 + 1.3 + s)
                + 42.0 * sin((p.x + 0.6 * p.y) / 340.0 + 0.4)
                + 7.0 * sin(p.y / 97.0 + 2.0 - s),
            140.0 * sin(p.x / 880.0 + 0.7 - s)
                + 38.0 * sin((p.y - 0.5 * p.x) / 310.0 + 1.9)
                + 7.0 * sin(p.x / 103.0 + 1.0 + s),
        )
    }
}
