//! GeoJSON and GeoJSONSeq, streamed: memory holds one feature.
//!
//! # Source
//! RFC 7946; RFC 8142 (text sequences, with or without the record separator).

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

use super::{Sink, SourceFeature, SourceHead};
use crate::error::{Error, Result};

/// Reads a file; `read_bytes` is told how far it is.
///
/// # Errors
/// [`Error::Files`] with the line of what is not GeoJSON; what the sink says.
pub fn read(file: &Path, read_bytes: &dyn Fn(u64), sink: &mut Sink<'_>) -> Result<()> {
    let open = File::open(file)
        .map_err(|error| Error::file(file, None, format!("cannot be opened: {error}")))?;
    let counted = Counted { inner: open, total: 0, tell: read_bytes };
    let mut reader = BufReader::with_capacity(1 << 20, counted);
    if is_sequence(&mut reader)? {
        sequence(file, &mut reader, sink)
    } else {
        collection(file, reader, sink)
    }
}

struct Counted<'a> {
    inner: File,
    total: u64,
    tell: &'a dyn Fn(u64),
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.total += count as u64;
        (self.tell)(self.total);
        Ok(count)
    }
}

/// A sequence starts with a record separator, or its first line is a whole feature.
fn is_sequence(reader: &mut impl BufRead) -> Result<bool> {
    let start = reader.fill_buf()?;
    let text = start.strip_prefix("\u{feff}".as_bytes()).unwrap_or(start);
    if text.first() == Some(&0x1e) {
        return Ok(true);
    }
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let head = &line[..line.len().min(200)];
    let head: String = String::from_utf8_lossy(head).split_whitespace().collect();
    Ok(head.contains("\"type\":\"Feature\"") && !head.contains("FeatureCollection"))
}

fn feature(json: Json, row: u64) -> Result<SourceFeature, String> {
    let Json::Object(mut object) = json else {
        return Err("a feature is an object".into());
    };
    if object.get("type").and_then(Json::as_str) != Some("Feature") {
        return Err("a member of `features` is not of type Feature".into());
    }
    let geometry = object.remove("geometry").filter(|geometry| !geometry.is_null());
    let properties = match object.remove("properties") {
        Some(Json::Object(properties)) => properties,
        _ => serde_json::Map::new(),
    };
    Ok(SourceFeature { row, geometry, properties })
}

fn sequence(file: &Path, reader: &mut impl BufRead, sink: &mut Sink<'_>) -> Result<()> {
    let head = SourceHead::default();
    let mut row = 0;
    for (number, line) in reader.lines().enumerate() {
        let fault = |detail: String| Error::file(file, Some(number + 1), detail);
        let line = line.map_err(|error| fault(error.to_string()))?;
        let text = line.trim_start_matches(['\u{1e}', '\u{feff}']).trim();
        if text.is_empty() {
            continue;
        }
        row += 1;
        let json = serde_json::from_str(text).map_err(|error| fault(error.to_string()))?;
        sink(&head, feature(json, row).map_err(fault)?)?;
    }
    Ok(())
}

fn collection(file: &Path, reader: impl Read, sink: &mut Sink<'_>) -> Result<()> {
    let mut failure = None;
    let mut walk = Walk { sink, head: SourceHead::default(), row: 0, failure: &mut failure };
    let mut deserializer = serde_json::Deserializer::from_reader(reader);
    let read = deserializer.deserialize_map(&mut walk).and_then(|()| deserializer.end());
    if let Some(error) = failure {
        return Err(error);
    }
    read.map_err(|error| Error::file(file, Some(error.line()), format!("not GeoJSON: {error}")))
}

struct Walk<'a, 'b> {
    sink: &'a mut Sink<'b>,
    head: SourceHead,
    row: u64,
    failure: &'a mut Option<Error>,
}

impl<'de> Visitor<'de> for &mut Walk<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a FeatureCollection")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        let mut seen = false;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "features" => {
                    seen = true;
                    map.next_value_seed(Members(&mut *self))?;
                }
                "crs" => {
                    let crs: Json = map.next_value()?;
                    let name = crs["properties"]["name"].as_str().unwrap_or_default();
                    self.head.srid = name.rsplit(':').next().and_then(|code| code.parse().ok());
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        if seen { Ok(()) } else { Err(serde::de::Error::custom("there are no `features`")) }
    }
}

struct Members<'c, 'a, 'b>(&'c mut Walk<'a, 'b>);

impl<'de> DeserializeSeed<'de> for Members<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Members<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of features")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<(), S::Error> {
        while let Some(json) = list.next_element::<Json>()? {
            self.0.row += 1;
            let feature = feature(json, self.0.row).map_err(serde::de::Error::custom)?;
            if let Err(error) = (self.0.sink)(&self.0.head, feature) {
                *self.0.failure = Some(error);
                return Err(serde::de::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}
