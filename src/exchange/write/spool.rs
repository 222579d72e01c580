//! Boxes of features kept on disk until all are known, then given in the order of a Hilbert curve.
//!
//! In memory stay 8 bytes for each feature.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::os::unix::fs::FileExt;

use crate::error::{Error, Result};
use crate::geometry::Bbox;

/// A feature's box and where its bytes stand.
#[derive(Debug, Clone, Copy)]
pub struct Kept {
    /// `None`: no geometry.
    pub bbox: Option<Bbox>,
    /// First byte, and how many; or whatever else the writer knows a feature by.
    pub from: u64,
    pub bytes: u64,
}

const SIZE: usize = 48;

pub struct Spool {
    file: BufWriter<File>,
    count: u32,
    extent: Option<Bbox>,
}

impl Spool {
    pub fn new() -> Result<Self> {
        let file = BufWriter::with_capacity(1 << 16, tempfile::tempfile()?);
        Ok(Self { file, count: 0, extent: None })
    }

    pub fn push(&mut self, kept: Kept) -> Result<()> {
        let numbers = kept.bbox.map_or([f64::NAN; 4], |b| [b.west, b.south, b.east, b.north]);
        for number in numbers {
            self.file.write_all(&number.to_le_bytes())?;
        }
        self.file.write_all(&kept.from.to_le_bytes())?;
        self.file.write_all(&kept.bytes.to_le_bytes())?;
        self.count = self.count.checked_add(1).ok_or(Error::TooLarge {
            what: "the number of features of a file",
            limit: u32::MAX.to_string(),
        })?;
        if let Some(bbox) = kept.bbox {
            self.extent = Some(self.extent.map_or(bbox, |known| known.with(bbox)));
        }
        Ok(())
    }

    pub fn count(&self) -> u32 {
        self.count
    }

    /// The box around all; `None`: no feature has a geometry.
    pub fn extent(&self) -> Option<Bbox> {
        self.extent
    }

    /// Neighbours of the plane side by side, features without a geometry last; equal ones as they came.
    pub fn sorted(self) -> Result<Sorted> {
        let mut file = self.file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.rewind()?;
        let mut reader = BufReader::with_capacity(1 << 16, &file);
        let mut order = Vec::with_capacity(self.count as usize);
        let mut bytes = [0; SIZE];
        for index in 0..self.count {
            reader.read_exact(&mut bytes)?;
            let key = match (kept(&bytes).bbox, self.extent) {
                (Some(bbox), Some(extent)) => hilbert(&bbox, &extent),
                _ => u32::MAX,
            };
            order.push((key, index));
        }
        order.sort_unstable();
        Ok(Sorted { file, order })
    }
}

pub struct Sorted {
    file: File,
    order: Vec<(u32, u32)>,
}

impl Sorted {
    pub fn len(&self) -> usize {
        self.order.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = Result<Kept>> {
        self.order.iter().map(|(_, index)| {
            let mut bytes = [0; SIZE];
            self.file.read_exact_at(&mut bytes, u64::from(*index) * SIZE as u64)?;
            Ok(kept(&bytes))
        })
    }
}

fn kept(bytes: &[u8; SIZE]) -> Kept {
    let (words, _) = bytes.as_chunks::<8>();
    let number = |at: usize| f64::from_le_bytes(words[at]);
    let bbox = Bbox { west: number(0), south: number(1), east: number(2), north: number(3) };
    Kept {
        bbox: (!bbox.west.is_nan()).then_some(bbox),
        from: u64::from_le_bytes(words[4]),
        bytes: u64::from_le_bytes(words[5]),
    }
}

/// Place of a box's middle on the Hilbert curve over the extent, 2¹⁵ cells a side: below `u32::MAX`.
///
/// # Source
/// J. K. Lawder, "Calculation of mappings between one and n-dimensional values" (2000).
fn hilbert(bbox: &Bbox, extent: &Bbox) -> u32 {
    const SIDE: u32 = 1 << 15;
    let cell = |middle: f64, from: f64, to: f64| {
        let share = if to > from { (middle - from) / (to - from) } else { 0.0 };
        ((share * f64::from(SIDE)) as u32).min(SIDE - 1)
    };
    let mut x = cell(f64::midpoint(bbox.west, bbox.east), extent.west, extent.east);
    let mut y = cell(f64::midpoint(bbox.south, bbox.north), extent.south, extent.north);
    let mut place = 0;
    let mut step = SIDE / 2;
    while step > 0 {
        let (right, upper) = (u32::from(x & step > 0), u32::from(y & step > 0));
        place += step * step * ((3 * right) ^ upper);
        if upper == 0 {
            if right == 1 {
                (x, y) = (SIDE - 1 - x, SIDE - 1 - y);
            }
            (x, y) = (y, x);
        }
        step /= 2;
    }
    place
}
