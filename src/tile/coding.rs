//! Content codings of tiles.

use std::io::Write;

/// Content coding of a tile's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coding {
    Identity,
    Gzip,
    Zstd,
    /// Too slow to be made while somebody waits: sent once it has been made beside.
    Brotli,
}

/// Of gzip and zstd the least: on tiles deeper levels cost more time than they save.
const LEVEL: u32 = 1;
/// Of brotli, where nobody waits.
const BROTLI_QUALITY: i32 = 5;

impl Coding {
    /// Every coding, identity first.
    pub const ALL: [Self; 4] = [Self::Identity, Self::Gzip, Self::Zstd, Self::Brotli];

    /// Its name on the wire; none for identity.
    pub fn token(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
            Self::Brotli => Some("br"),
        }
    }

    /// The codings that a client takes, the one that it is served best with first.
    ///
    /// # Source
    /// RFC 9110 §12.5.3: absent means identity alone here; `q=0` refuses, `*` stands for the rest.
    pub fn accepted(header: &str) -> Vec<Self> {
        let mut weights: Vec<(&str, f32)> = Vec::new();
        for part in header.split(',') {
            let mut words = part.split(';').map(str::trim);
            let name = words.next().unwrap_or_default();
            let weight = words
                .find_map(|word| word.strip_prefix("q=").or(word.strip_prefix("Q=")))
                .map(|q| q.parse().unwrap_or(0.0));
            weights.push((name, weight.unwrap_or(1.0)));
        }
        let weight = |name: &str| {
            let of = |wanted: &str| {
                weights
                    .iter()
                    .find(|(known, _)| known.eq_ignore_ascii_case(wanted))
                    .map(|(_, q)| *q)
            };
            of(name).or_else(|| of("*")).unwrap_or(0.0)
        };
        let mut taken: Vec<(f32, Self)> = [Self::Brotli, Self::Zstd, Self::Gzip]
            .into_iter()
            .filter_map(|coding| Some((weight(coding.token()?), coding)))
            .filter(|(weight, _)| *weight > 0.0)
            .collect();
        // Of equal weight the best for us stays first.
        taken.sort_by(|a, b| b.0.total_cmp(&a.0));
        taken.into_iter().map(|(_, coding)| coding).chain([Self::Identity]).collect()
    }

    /// Packs bytes; nothing stays nothing.
    pub fn pack(self, bytes: Vec<u8>) -> Vec<u8> {
        if bytes.is_empty() {
            return bytes;
        }
        // Writing into memory cannot fail.
        match self {
            Self::Identity => bytes,
            Self::Gzip => {
                let room = Vec::with_capacity(bytes.len() / 2);
                let mut encoder =
                    flate2::write::GzEncoder::new(room, flate2::Compression::new(LEVEL));
                let _ = encoder.write_all(&bytes);
                encoder.finish().unwrap_or_default()
            }
            Self::Zstd => zstd::bulk::compress(&bytes, LEVEL as i32).unwrap_or_default(),
            Self::Brotli => {
                let mut packed = Vec::with_capacity(bytes.len() / 2);
                let params = brotli::enc::BrotliEncoderParams {
                    quality: BROTLI_QUALITY,
                    size_hint: bytes.len(),
                    ..Default::default()
                };
                let _ = brotli::BrotliCompress(&mut &bytes[..], &mut packed, &params);
                packed
            }
        }
    }
}
