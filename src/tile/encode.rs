//! Features in tile units → bytes of an MVT layer (Mapbox Vector Tile 2.1).

use fast_mvt::{MvtCoord, MvtFeatureBuilder, MvtGeomType, MvtLayerBuilder, MvtValueRef};

use super::View;
use super::clip::Vertex;
use super::gather::Squares;
use super::store::{Cell, Feature, Store};

/// Gives each feature its id and the properties that the caller may read.
#[derive(Clone, Copy)]
pub struct Tags<'a> {
    store: &'a Store,
    columns: &'a [usize],
}

/// Writes one MVT layer.
pub struct LayerWriter<'a> {
    layer: Option<MvtLayerBuilder>,
    tags: Tags<'a>,
}

fn coordinates<'p>(points: impl IntoIterator<Item = &'p Vertex>) -> impl Iterator<Item = MvtCoord> {
    points.into_iter().map(|[x, y]| MvtCoord { x: *x, y: *y })
}

impl<'a> LayerWriter<'a> {
    /// The layer of a view.
    pub fn new(store: &'a Store, view: &'a View) -> Self {
        let tags = Tags { store, columns: view.columns() };
        Self { layer: MvtLayerBuilder::new(view.layer.id.as_str()).ok(), tags }
    }

    /// The layer of its label points, with the same properties.
    pub fn labels(layer: &str, tags: Tags<'a>) -> Self {
        Self { layer: MvtLayerBuilder::new(format!("{layer}_label")).ok(), tags }
    }

    /// A polygon: outer rings, each followed by its holes.
    pub fn polygon<'p>(
        &mut self,
        feature: &Feature,
        rings: impl Iterator<Item = (&'p [Vertex], bool)>,
    ) {
        self.feature(Some(feature), MvtGeomType::Polygon, |writer| {
            for (ring, outer) in rings {
                let _ = writer.ring(coordinates(ring), outer);
            }
        });
    }

    /// A line in pieces.
    pub fn lines<'p>(&mut self, feature: &Feature, pieces: impl Iterator<Item = &'p [Vertex]>) {
        self.feature(Some(feature), MvtGeomType::LineString, |writer| {
            for piece in pieces {
                let _ = writer.line(coordinates(piece));
            }
        });
    }

    /// Points.
    pub fn points<'p>(&mut self, feature: &Feature, points: impl Iterator<Item = &'p Vertex>) {
        self.feature(Some(feature), MvtGeomType::Point, |writer| {
            let _ = writer.points(coordinates(points));
        });
    }

    /// All gathered squares as one feature, without id and properties.
    pub fn squares(&mut self, squares: &Squares) {
        let rings: Vec<_> = squares.rings().collect();
        if !rings.is_empty() {
            self.feature(None, MvtGeomType::Polygon, |writer| {
                for ring in &rings {
                    let _ = writer.ring(coordinates(ring), true);
                }
            });
        }
    }

    fn feature(
        &mut self,
        feature: Option<&Feature>,
        kind: MvtGeomType,
        geometry: impl FnOnce(&mut MvtFeatureBuilder),
    ) {
        let Some(layer) = self.layer.take() else {
            return;
        };
        let mut writer = layer.feature_of(kind);
        geometry(&mut writer);
        if let Some(feature) = feature {
            writer.id(u64::try_from(feature.id).ok());
            for column in self.tags.columns {
                let value = match feature.values[*column] {
                    Cell::Null => continue,
                    Cell::Text(number) => MvtValueRef::String(self.tags.store.text(number)),
                    Cell::Integer(number) => MvtValueRef::Int(number),
                    Cell::Number(number) => MvtValueRef::Double(number),
                    Cell::Boolean(yes) => MvtValueRef::Bool(yes),
                };
                let _ = writer.tag_ref(&self.tags.store.columns[*column].name, value);
            }
        }
        self.layer = Some(writer.end());
    }

    /// The bytes; none when no feature was written. The tags are given back for the label layer.
    pub fn finish(self) -> (Vec<u8>, Tags<'a>) {
        match self.layer {
            Some(layer) if layer.num_features() > 0 => (layer.encode(), self.tags),
            _ => (Vec::new(), self.tags),
        }
    }
}
