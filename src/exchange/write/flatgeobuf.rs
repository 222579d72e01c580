//! FlatGeobuf with its spatial index, features in the order of the index.
//!
//! Features wait in one temporary file, their boxes in another; memory holds 11 bytes for each feature. A
//! feature without a geometry has a box that no question meets.
//!
//! # Source
//! FlatGeobuf 3: `header.fbs`, `feature.fbs`, "packed Hilbert R-tree".

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;

use flatbuffers::{FlatBufferBuilder, TableFinishedWIPOffset, VOffsetT, WIPOffset};

use super::spool::{Kept, Sorted, Spool};
use super::{Options, Writer, json_list, label, values};
use crate::config::City;
use crate::error::{Error, Result};
use crate::feature::{Record, Sheet};
use crate::geometry::wkb::{self, Part, Place, Visitor};
use crate::geometry::{Bbox, Crs};
use crate::layer::{GeometryType, PropertyType, Value};

const MAGIC: [u8; 8] = *b"fgb\x03fgb\x00";
const NODE_SIZE: u16 = 16;
const NODE_BYTES: u64 = 40;

/// Place of a field in its table.
const fn slot(field: VOffsetT) -> VOffsetT {
    4 + 2 * field
}

type Builder = FlatBufferBuilder<'static>;
type Table = WIPOffset<TableFinishedWIPOffset>;

pub struct FlatGeobuf {
    sheet: Sheet,
    /// The system's EPSG code, or its WKT.
    system: Result<i32, String>,
    labels: Vec<String>,
    builder: Builder,
    outline: Outline,
    properties: Vec<u8>,
    bodies: BufWriter<File>,
    end: u64,
    boxes: Spool,
}

impl FlatGeobuf {
    pub fn new(sheet: &Sheet, city: &City, options: Options) -> Result<Self> {
        let Some(kind) = sheet.geometry else {
            let detail = "these records have no geometry: FlatGeobuf cannot hold them";
            return Err(Error::parameter("f", detail));
        };
        let system = match sheet.crs {
            Crs::City(_) => Err(sheet.crs.wkt1(city)?),
            known => Ok(known.srid()),
        };
        Ok(Self {
            system,
            labels: sheet.columns.iter().map(|c| label(c, options.language)).collect(),
            sheet: sheet.clone(),
            builder: Builder::new(),
            outline: Outline { many: kind == GeometryType::MultiPolygon, ..Outline::default() },
            properties: Vec::new(),
            bodies: BufWriter::with_capacity(1 << 16, tempfile::tempfile()?),
            end: 0,
            boxes: Spool::new()?,
        })
    }

    fn encode(&mut self, record: &Record) -> Result<()> {
        self.properties.clear();
        number(&mut self.properties, 0, &record.id.to_le_bytes());
        for (at, value) in (1..).zip(values(record, self.sheet.columns.len())?) {
            let kind = self.sheet.columns[usize::from(at) - 1].kind;
            property(&mut self.properties, at, kind, value)?;
        }
        Ok(())
    }

    /// The header: what stands before the index.
    fn header(&mut self) -> Vec<u8> {
        let fbb = &mut self.builder;
        fbb.reset();
        let mut columns = vec![column(fbb, "id", "id", 7, false)];
        for (known, label) in self.sheet.columns.iter().zip(&self.labels) {
            columns.push(column(fbb, &known.name, label, kind(known.kind), true));
        }
        let columns = fbb.create_vector(&columns);
        let about = self.sheet.about.iter();
        let about: serde_json::Map<_, _> =
            about.map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        let about = fbb.create_string(&serde_json::Value::from(about).to_string());
        let (name, title) =
            (fbb.create_string(&self.sheet.name), fbb.create_string(&self.sheet.title));
        let envelope = self.boxes.extent();
        let envelope = envelope.map(|b| fbb.create_vector(&[b.west, b.south, b.east, b.north]));
        let crs = crs(fbb, &self.system);
        let count = u64::from(self.boxes.count());
        let geometry: u8 = match self.sheet.geometry {
            Some(GeometryType::Point) => 1,
            Some(GeometryType::MultiLineString) => 5,
            _ => 6,
        };
        let start = fbb.start_table();
        fbb.push_slot(slot(8), count, 0);
        fbb.push_slot_always(slot(0), name);
        if let Some(envelope) = envelope {
            fbb.push_slot_always(slot(1), envelope);
        }
        fbb.push_slot_always(slot(7), columns);
        fbb.push_slot_always(slot(10), crs);
        fbb.push_slot_always(slot(11), title);
        fbb.push_slot_always(slot(13), about);
        fbb.push_slot(slot(9), if count > 0 { NODE_SIZE } else { 0 }, NODE_SIZE);
        fbb.push_slot(slot(2), geometry, 0);
        let header = fbb.end_table(start);
        fbb.finish_size_prefixed(header, None);
        fbb.finished_data().to_vec()
    }
}

impl Writer for FlatGeobuf {
    fn push(&mut self, record: &Record, _: &mut Vec<u8>) -> Result<()> {
        self.encode(record)?;
        self.builder.reset();
        let fbb = &mut self.builder;
        let (geometry, bbox) = match &record.geometry {
            Some(wkb) => self.outline.build(wkb, fbb)?,
            None => (None, None),
        };
        let properties = fbb.create_vector(&self.properties);
        let start = fbb.start_table();
        if let Some(geometry) = geometry {
            fbb.push_slot_always(slot(0), geometry);
        }
        fbb.push_slot_always(slot(1), properties);
        let feature = fbb.end_table(start);
        fbb.finish_size_prefixed(feature, None);
        let body = fbb.finished_data();
        self.bodies.write_all(body)?;
        let bytes = body.len() as u64;
        self.boxes.push(Kept { bbox, from: self.end, bytes })?;
        self.end += bytes;
        Ok(())
    }

    fn finish(mut self: Box<Self>, _: &mut Vec<u8>) -> Result<Option<File>> {
        let header = self.header();
        let bodies = self.bodies.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        let sorted = self.boxes.sorted()?;
        let mut out = BufWriter::with_capacity(1 << 16, tempfile::tempfile()?);
        out.write_all(&MAGIC)?;
        out.write_all(&header)?;
        let start = (MAGIC.len() + header.len()) as u64;
        index(&sorted, start, &mut out)?;
        let mut body = Vec::new();
        for kept in sorted.iter() {
            let kept = kept?;
            body.resize(usize::try_from(kept.bytes).map_err(Error::internal)?, 0);
            bodies.read_exact_at(&mut body, kept.from)?;
            out.write_all(&body)?;
        }
        let mut file = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.rewind()?;
        Ok(Some(file))
    }
}

/// Writes the index from `start` on and leaves `out` behind it: levels from the root to the leaves.
///
/// A node is the box of its members and, in a leaf, the feature's place among the features' bytes, else the
/// number of its first member among all nodes.
fn index(sorted: &Sorted, start: u64, out: &mut BufWriter<File>) -> Result<()> {
    let mut sizes = vec![sorted.len() as u64];
    while sizes[sizes.len() - 1] > 1 || sizes.len() == 1 {
        let below = sizes[sizes.len() - 1];
        if below == 0 {
            return Ok(());
        }
        sizes.push(below.div_ceil(u64::from(NODE_SIZE)));
    }
    let total: u64 = sizes.iter().sum();
    let first_leaf = total - sizes[0];
    out.seek(SeekFrom::Start(start + first_leaf * NODE_BYTES))?;
    let mut level: Vec<Option<Bbox>> = Vec::with_capacity(sizes[1] as usize);
    let mut place = 0;
    for (at, kept) in sorted.iter().enumerate() {
        let kept = kept?;
        node(out, kept.bbox, place)?;
        place += kept.bytes;
        gather(&mut level, at, kept.bbox);
    }
    let behind = out.stream_position()?;
    let mut first = first_leaf;
    for size in &sizes[1..] {
        let members = first;
        first -= size;
        out.seek(SeekFrom::Start(start + first * NODE_BYTES))?;
        let mut above = Vec::new();
        for (at, bbox) in level.iter().enumerate() {
            node(out, *bbox, members + at as u64 * u64::from(NODE_SIZE))?;
            gather(&mut above, at, *bbox);
        }
        level = above;
    }
    out.seek(SeekFrom::Start(behind))?;
    Ok(())
}

/// Puts member `at` of a level into the node above it.
fn gather(above: &mut Vec<Option<Bbox>>, at: usize, bbox: Option<Bbox>) {
    if at.is_multiple_of(usize::from(NODE_SIZE)) {
        above.push(None);
    }
    if let (Some(node), Some(bbox)) = (above.last_mut(), bbox) {
        *node = Some(node.map_or(bbox, |known| known.with(bbox)));
    }
}

fn node(out: &mut BufWriter<File>, bbox: Option<Bbox>, place: u64) -> Result<()> {
    let (least, most) = (f64::INFINITY, f64::NEG_INFINITY);
    let numbers = bbox.map_or([least, least, most, most], |b| [b.west, b.south, b.east, b.north]);
    for number in numbers {
        out.write_all(&number.to_le_bytes())?;
    }
    Ok(out.write_all(&place.to_le_bytes())?)
}

fn column(fbb: &mut Builder, name: &str, title: &str, kind: u8, nullable: bool) -> Table {
    let (name, title) = (fbb.create_string(name), fbb.create_string(title));
    let start = fbb.start_table();
    fbb.push_slot_always(slot(0), name);
    fbb.push_slot_always(slot(2), title);
    fbb.push_slot(slot(1), kind, 0);
    fbb.push_slot(slot(7), nullable, true);
    fbb.end_table(start)
}

fn crs(fbb: &mut Builder, system: &Result<i32, String>) -> Table {
    let text = match system {
        Ok(_) => fbb.create_string("EPSG"),
        Err(wkt) => fbb.create_string(wkt),
    };
    let start = fbb.start_table();
    match system {
        Ok(code) => {
            fbb.push_slot_always(slot(0), text);
            fbb.push_slot(slot(1), *code, 0);
        }
        Err(_) => fbb.push_slot_always(slot(4), text),
    }
    fbb.end_table(start)
}

/// The column type of FlatGeobuf.
fn kind(kind: PropertyType) -> u8 {
    match kind {
        PropertyType::Boolean => 2,
        PropertyType::Integer => 7,
        PropertyType::Number => 10,
        PropertyType::Text | PropertyType::CadastralNumber => 11,
        PropertyType::TextArray => 12,
        PropertyType::Date => 13,
    }
}

fn number(out: &mut Vec<u8>, column: u16, bytes: &[u8]) {
    out.extend_from_slice(&column.to_le_bytes());
    out.extend_from_slice(bytes);
}

fn text(out: &mut Vec<u8>, column: u16, text: &str) -> Result<()> {
    let length = u32::try_from(text.len()).map_err(Error::internal)?;
    number(out, column, &length.to_le_bytes());
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

fn property(out: &mut Vec<u8>, column: u16, kind: PropertyType, value: &Value) -> Result<()> {
    match (kind, value) {
        (_, Value::Null) => {}
        (PropertyType::Boolean, Value::Boolean(yes)) => number(out, column, &[u8::from(*yes)]),
        (PropertyType::Integer, Value::Integer(whole)) => {
            number(out, column, &whole.to_le_bytes());
        }
        (PropertyType::Number, Value::Number(real)) => {
            if real.is_finite() {
                number(out, column, &real.to_le_bytes());
            }
        }
        (PropertyType::Number, Value::Integer(whole)) => {
            number(out, column, &(*whole as f64).to_le_bytes());
        }
        (PropertyType::Text | PropertyType::CadastralNumber, Value::Text(value)) => {
            text(out, column, value)?;
        }
        (PropertyType::TextArray, Value::List(list)) => text(out, column, &json_list(list))?,
        (PropertyType::Date, Value::Date(date)) => text(out, column, &date.to_string())?,
        (kind, value) => {
            return Err(Error::internal(format!("{value:?} stands in a column of {kind:?}")));
        }
    }
    Ok(())
}

/// The vertices of one geometry on their way into a table.
#[derive(Default)]
struct Outline {
    /// Polygons are members, each a table of its own.
    many: bool,
    bbox: Option<Bbox>,
    xy: Vec<f64>,
    ends: Vec<u32>,
    members: Vec<Table>,
}

impl Outline {
    /// The table of a geometry and its box; an empty one is none.
    fn build(&mut self, wkb: &[u8], fbb: &mut Builder) -> Result<(Option<Table>, Option<Bbox>)> {
        self.bbox = None;
        self.xy.clear();
        self.ends.clear();
        self.members.clear();
        wkb::walk(wkb, &mut Building { outline: self, fbb })?;
        if self.bbox.is_none() {
            return Ok((None, None));
        }
        if !self.many {
            return Ok((Some(self.part(fbb, 0)), self.bbox));
        }
        let members = fbb.create_vector(&self.members);
        let start = fbb.start_table();
        fbb.push_slot_always(slot(7), members);
        Ok((Some(fbb.end_table(start)), self.bbox))
    }

    /// A table of the vertices so far, which are then gone.
    fn part(&mut self, fbb: &mut Builder, kind: u8) -> Table {
        let xy = fbb.create_vector(&self.xy);
        // One ring needs no ends; lines have them always, as GDAL wants it.
        let needed = self.ends.len() > usize::from(self.many);
        let ends = needed.then(|| fbb.create_vector(&self.ends));
        let start = fbb.start_table();
        if let Some(ends) = ends {
            fbb.push_slot_always(slot(0), ends);
        }
        fbb.push_slot_always(slot(1), xy);
        fbb.push_slot(slot(6), kind, 0);
        self.xy.clear();
        self.ends.clear();
        fbb.end_table(start)
    }
}

struct Building<'a> {
    outline: &'a mut Outline,
    fbb: &'a mut Builder,
}

impl Visitor for Building<'_> {
    fn begin(&mut self, _: Part, _: u32, _: Place) {}

    fn vertex(&mut self, east: f64, north: f64, _: u32) {
        self.outline.xy.extend([east, north]);
        let here = Bbox { west: east, south: north, east, north };
        self.outline.bbox = Some(self.outline.bbox.map_or(here, |known| known.with(here)));
    }

    fn end(&mut self, part: Part, _: Place) {
        match part {
            Part::Ring | Part::Line => {
                self.outline.ends.push((self.outline.xy.len() / 2) as u32);
            }
            Part::Polygon if self.outline.many && !self.outline.xy.is_empty() => {
                let member = self.outline.part(self.fbb, 3);
                self.outline.members.push(member);
            }
            _ => {}
        }
    }
}
