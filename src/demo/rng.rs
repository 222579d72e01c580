//! Chance that is the same on every machine: splitmix64, and smooth noise over the plane.

/// A stream of numbers from a seed.
#[derive(Debug, Clone)]
pub struct Rng(u64);

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Rng {
    /// A stream of its own for a seed and a subject.
    pub fn new(seed: u64, subject: u64) -> Self {
        Self(mix(seed ^ mix(subject.wrapping_add(0x9e37_79b9_7f4a_7c15))))
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// 0 ≤ number < 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// low ≤ number < high.
    pub fn within(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// low ≤ whole number ≤ high.
    pub fn whole(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % (high - low + 1).unsigned_abs()) as i64
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of a list.
    pub fn of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[(self.next() % list.len() as u64) as usize]
    }
}

/// Smooth noise, about 0 … 1, with features of `size` metres.
pub fn noise(seed: u64, x: f64, y: f64, size: f64) -> f64 {
    let (u, v) = (x / size, y / size);
    let (i, j) = (u.floor(), v.floor());
    let corner = |i: f64, j: f64| {
        let cell = (i as i64 as u64).wrapping_mul(0x1f1f_1f1f) ^ (j as i64 as u64).rotate_left(32);
        (mix(seed ^ mix(cell)) >> 11) as f64 / (1u64 << 53) as f64
    };
    let smooth = |t: f64| t * t * (3.0 - 2.0 * t);
    let (a, b) = (smooth(u - i), smooth(v - j));
    let low = corner(i, j) * (1.0 - a) + corner(i + 1.0, j) * a;
    let high = corner(i, j + 1.0) * (1.0 - a) + corner(i + 1.0, j + 1.0) * a;
    low * (1.0 - b) + high * b
}
