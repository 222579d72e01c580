//! One layer in memory: integers of the Web Mercator plane, interned texts, a spatial index, and the
//! sums from which versions are made.
//!
//! The plane has 2³² × 2³² units, x from 180° W to the east, y from the north to the south; a unit is
//! 0.9 cm at the equator.

use std::collections::HashMap;

use rstar::{AABB, RTree, RTreeObject};
use xxhash_rust::xxh3::Xxh3;

use super::rank::{By, Ranks};
use super::shape::{Shape, degrees, rings};
use super::texts::Texts;
use super::touched::Touched;
use super::version::Pyramid;
use super::{TileAddress, View};
use crate::access::{Caller, Read};
use crate::layer::{GeometryType, Layer, PropertyType};

/// A value of a tile property; texts are numbers of the layer's dictionary.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell {
    Null,
    Text(u32),
    Integer(i64),
    Number(f64),
    Boolean(bool),
}

/// A value as it is read from PostGIS.
#[derive(Debug, Clone)]
pub enum Raw {
    Null,
    Text(String),
    Integer(i64),
    Number(f64),
    Boolean(bool),
}

/// A row as it is read from PostGIS, its geometry in the plane; an empty shape is in no tile.
#[derive(Debug)]
pub struct Row {
    pub id: i64,
    pub shape: Shape,
    pub values: Vec<Raw>,
}

/// What happened to one feature.
#[derive(Debug)]
pub enum Change {
    Put(Row),
    Gone(i64),
}

/// A feature of the store.
pub struct Feature {
    pub id: i64,
    /// Least and greatest x and y: x0, y0, x1, y1.
    pub bbox: [u32; 4],
    /// End of each ring or line in `points`, and whether it is the outer ring of a polygon.
    pub parts: Box<[(u32, bool)]>,
    /// Vertices; rings are not closed.
    pub points: Box<[[u32; 2]]>,
    pub values: Box<[Cell]>,
    /// Where the label stands.
    pub label: [u32; 2],
    /// The property by which it stays when a tile is crowded, where the layer names one.
    pub importance: f64,
}

struct Entry {
    slot: u32,
    bbox: [u32; 4],
}

impl RTreeObject for Entry {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        let [x0, y0, x1, y1] = self.bbox.map(f64::from);
        AABB::from_corners([x0, y0], [x1, y1])
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.slot == other.slot
    }
}

/// One column of tile properties.
#[derive(Clone)]
pub struct Column {
    pub name: String,
    read: Read,
    /// Group of properties with one rule of reading.
    group: usize,
}

/// One layer in memory.
pub struct Store {
    pub kind: GeometryType,
    /// What a crowded zoom leaves out.
    pub ranks: Ranks,
    pub columns: Vec<Column>,
    groups: Vec<Read>,
    weigh: Option<usize>,
    label_point: bool,
    config: u64,
    features: Vec<Option<Feature>>,
    free: Vec<u32>,
    slots: HashMap<i64, u32>,
    texts: Texts,
    index: RTree<Entry>,
    pyramid: Pyramid,
}

impl Store {
    /// A store of these rows. Rows near each other are put near each other.
    pub fn new(layer: &Layer, mut rows: Vec<Row>) -> Self {
        let mut groups = vec![layer.read.clone()];
        let mut columns = Vec::new();
        for property in layer.tiled() {
            let known = groups.iter().position(|read| *read == property.read);
            let group = known.unwrap_or_else(|| {
                groups.push(property.read.clone());
                groups.len() - 1
            });
            let (name, read) = (property.name.clone(), property.read.clone());
            columns.push(Column { name, read, group });
        }
        let weigh =
            layer.importance.as_ref().and_then(|name| columns.iter().position(|c| c.name == *name));
        let mut config = Xxh3::new();
        let described = (&layer.id, layer.zoom.min, layer.label_zoom, &layer.importance);
        config.update(format!("{described:?} {:?}", layer.geometry).as_bytes());
        for column in &columns {
            config.update(column.name.as_bytes());
            config.update(&[0xff, column.group as u8]);
        }
        let own = layer.tiled().filter(|property| property.unique).count();
        let numbers =
            layer.tiled().filter(|property| property.kind == PropertyType::Number).count();
        let by = match (weigh, layer.geometry) {
            (Some(_), _) => By::Importance,
            (None, GeometryType::MultiPolygon) => By::Area,
            (None, GeometryType::MultiLineString) => By::Length,
            (None, GeometryType::Point) => By::Lot,
        };
        let mut store = Self {
            kind: layer.geometry,
            ranks: Ranks::new(by, [columns.len(), own, numbers]),
            weigh,
            label_point: layer.label_zoom.is_some(),
            config: config.digest(),
            pyramid: Pyramid::new(groups.len()),
            columns,
            groups,
            features: Vec::with_capacity(rows.len()),
            free: Vec::new(),
            slots: HashMap::with_capacity(rows.len()),
            texts: Texts::default(),
            index: RTree::new(),
        };
        rows.sort_by_cached_key(|row| row.shape.place());
        let entries = rows.into_iter().filter_map(|row| store.insert(row)).collect();
        store.index = RTree::bulk_load(entries);
        store
    }

    /// Bytes that the features and their index take, about.
    pub fn bytes(&self) -> usize {
        let feature = |feature: &Feature| {
            size_of_val(&*feature.parts)
                + size_of_val(&*feature.points)
                + size_of_val(&*feature.values)
        };
        let heap: usize = self.features.iter().flatten().map(feature).sum();
        // Nodes of the tree hold an entry or a box with children, and are about four fifths full.
        let index = self.slots.len() * (size_of::<Entry>() + 32) * 5 / 4;
        let slots = self.slots.capacity() * (size_of::<(i64, u32)>() + 1);
        let table = self.features.capacity() * size_of::<Option<Feature>>();
        heap + self.texts.bytes()
            + index
            + slots
            + table
            + self.pyramid.bytes()
            + self.ranks.bytes()
    }

    /// Count of features with a geometry.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether nothing is there.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// What the whole layer amounts to.
    pub fn content(&self) -> u128 {
        self.pyramid.total()
    }

    /// The feature in a slot.
    pub fn feature(&self, slot: u32) -> Option<&Feature> {
        self.features.get(slot as usize)?.as_ref()
    }

    /// A text of the dictionary.
    pub fn text(&self, number: u32) -> &str {
        self.texts.get(number)
    }

    /// Features whose box meets the box, by id.
    pub fn near(&self, x0: f64, y0: f64, x1: f64, y1: f64) -> Vec<&Feature> {
        let envelope = AABB::from_corners([x0, y0], [x1, y1]);
        let found = self.index.locate_in_envelope_intersecting(&envelope);
        let mut features: Vec<_> = found.filter_map(|entry| self.feature(entry.slot)).collect();
        features.sort_unstable_by_key(|feature| feature.id);
        features
    }

    /// Columns and groups of properties that the caller may read.
    pub fn visible_to(&self, caller: &Caller) -> (Vec<usize>, Vec<usize>) {
        let groups: Vec<usize> =
            (0..self.groups.len()).filter(|group| caller.may_read(&self.groups[*group])).collect();
        let columns = (0..self.columns.len())
            .filter(|column| caller.may_read(&self.columns[*column].read))
            .collect();
        (columns, groups)
    }

    /// Adds what decides the tile's content for this view.
    pub fn hash_version(&self, hash: &mut Xxh3, view: &View, address: TileAddress) {
        hash.update(&self.config.to_le_bytes());
        hash.update(&[self.ranks.least(address.z()) as u8]);
        for group in view.groups() {
            hash.update(&[*group as u8]);
            hash.update(&self.pyramid.cell(*group, address).to_le_bytes());
        }
        if let Some(only) = &view.only {
            hash.update(b"only");
            hash.update(&only.hash.to_le_bytes());
        }
    }

    /// Applies changes in place; what each of them touched.
    pub fn apply(&mut self, changes: Vec<Change>) -> Vec<Touched> {
        let mut touched = Vec::with_capacity(changes.len());
        for change in changes {
            let (id, row) = match change {
                Change::Put(row) => (row.id, Some(row)),
                Change::Gone(id) => (id, None),
            };
            let before = self.remove(id);
            let entry = row.and_then(|row| self.insert(row));
            let after = entry.as_ref().map(|entry| entry.bbox);
            if let Some(entry) = entry {
                self.index.insert(entry);
            }
            touched.push(Touched { id, before, after });
        }
        touched
    }

    /// Box of the layer in CRS84.
    pub fn bounds(&self) -> Option<[f64; 4]> {
        if self.is_empty() {
            return None;
        }
        let root = self.index.root().envelope();
        let [x0, y0] = root.lower();
        let [x1, y1] = root.upper();
        Some(degrees([x0 as u32, y0 as u32, x1 as u32, y1 as u32]))
    }

    fn remove(&mut self, id: i64) -> Option<[u32; 4]> {
        let slot = self.slots.remove(&id)?;
        let feature = self.features.get_mut(slot as usize)?.take()?;
        for group in 0..self.groups.len() {
            self.pyramid.subtract(group, feature.bbox, self.hash(&feature, group));
        }
        self.ranks.count(&feature, false);
        for value in &feature.values {
            if let Cell::Text(number) = value {
                self.texts.release(*number);
            }
        }
        self.index.remove(&Entry { slot, bbox: feature.bbox });
        self.free.push(slot);
        Some(feature.bbox)
    }

    /// Puts a row into a slot and its hashes into the pyramid; a row without geometry is in no tile.
    fn insert(&mut self, row: Row) -> Option<Entry> {
        let shape = row.shape;
        let bbox = shape.bbox()?;
        let values: Box<[Cell]> = row
            .values
            .into_iter()
            .map(|value| match value {
                Raw::Null => Cell::Null,
                Raw::Text(text) => Cell::Text(self.texts.hold(text)),
                Raw::Integer(number) => Cell::Integer(number),
                Raw::Number(number) => Cell::Number(number),
                Raw::Boolean(yes) => Cell::Boolean(yes),
            })
            .collect();
        let importance = match self.weigh.map(|column| values[column]) {
            Some(Cell::Integer(number)) => number as f64,
            Some(Cell::Number(number)) => number,
            Some(_) => 0.0,
            None => 0.0,
        };
        let label = if self.label_point { shape.label(bbox) } else { [bbox[0], bbox[1]] };
        let feature = Feature {
            id: row.id,
            bbox,
            parts: shape.parts.into(),
            points: shape.points.into(),
            values,
            label,
            importance,
        };
        for group in 0..self.groups.len() {
            self.pyramid.add(group, bbox, self.hash(&feature, group));
        }
        self.ranks.count(&feature, true);
        let slot = match self.free.pop() {
            Some(slot) => {
                self.features[slot as usize] = Some(feature);
                slot
            }
            None => {
                self.features.push(Some(feature));
                self.features.len() as u32 - 1
            }
        };
        self.slots.insert(row.id, slot);
        Some(Entry { slot, bbox })
    }

    /// All that a drawing of the feature depends on for one group of properties.
    fn hash(&self, feature: &Feature, group: usize) -> u128 {
        let mut hash = Xxh3::new();
        hash.update(&feature.id.to_le_bytes());
        if group == 0 {
            for (end, outer) in &feature.parts {
                hash.update(&end.to_le_bytes());
                hash.update(&[u8::from(*outer)]);
            }
            for [x, y] in &feature.points {
                hash.update(&x.to_le_bytes());
                hash.update(&y.to_le_bytes());
            }
        }
        for (column, value) in self.columns.iter().zip(&feature.values) {
            if column.group == group {
                match value {
                    Cell::Null => hash.update(&[0]),
                    Cell::Text(number) => {
                        let text = self.text(*number);
                        hash.update(&[1]);
                        hash.update(&(text.len() as u64).to_le_bytes());
                        hash.update(text.as_bytes());
                    }
                    Cell::Integer(number) => {
                        hash.update(&[2]);
                        hash.update(&number.to_le_bytes());
                    }
                    Cell::Number(number) => {
                        hash.update(&[3]);
                        hash.update(&number.to_le_bytes());
                    }
                    Cell::Boolean(yes) => hash.update(&[4, u8::from(*yes)]),
                }
            }
        }
        hash.digest128()
    }
}

impl Feature {
    /// Rings or lines, each with whether it is an outer ring.
    pub fn rings(&self) -> impl Iterator<Item = (&[[u32; 2]], bool)> {
        rings(&self.parts, &self.points)
    }
}
