//! Where a question is asked: a drawn geometry or features of a layer, with metres around.

use std::sync::Arc;

use geo::{BoundingRect, MapCoords};
use serde_json::Value as Json;
use tokio_postgres::Client;

use super::body::Fields;
use super::{Asker, sql};
use crate::config::{City, limit};
use crate::error::{Error, Result};
use crate::filter;
use crate::geometry::{Crs, GeoJson, Projector, ewkb_of_geometry, geometry_of_geojson};
use crate::layer::Layer;

/// Degrees around the bounds of the city beyond which a question is not taken.
const MARGIN: f64 = 1.0;
const RADIUS: f64 = 6_378_137.0;

/// What a question is asked about.
#[derive(Clone)]
pub enum Source {
    /// EWKB in the city's system.
    Drawn(Vec<u8>),
    /// Features of one layer.
    Features(Arc<Layer>, Vec<i64>),
}

/// A place as it was asked for.
#[derive(Clone)]
pub struct Place {
    pub source: Source,
    pointer: String,
    /// Metres around it, inwards when negative.
    pub buffer_m: Option<f64>,
}

/// A place as a geometry of the city's system.
pub struct Shape {
    /// EWKB.
    pub ewkb: Vec<u8>,
    pub area_m2: f64,
    /// m² of it beyond the bounds of the city.
    pub outside_m2: f64,
    /// 0 points, 1 lines, 2 areas.
    pub dimension: i32,
    /// West, south, east, north (CRS84).
    pub bbox: [f64; 4],
}

impl Place {
    /// Reads the field `name`: `"layer/id"`, a list of such, `{feature: "layer/id"}` or
    /// `{geometry: GeoJSON, crs?}` (CRS84 when `crs` is absent).
    ///
    /// # Errors
    /// 404 unknown or unreadable layer; 422 with a pointer; 413 too many vertices.
    pub fn parse(fields: &Fields<'_>, name: &str, asker: &Asker<'_>) -> Result<Self> {
        let pointer = fields.at(name);
        let source = match fields.wanted(name)? {
            one @ Json::String(_) => named(std::slice::from_ref(one), &pointer, asker)?,
            Json::Array(list) => named(list, &pointer, asker)?,
            object => {
                let place = Fields::of(object, &pointer, &["geometry", "crs", "feature"])?;
                match (place.get("geometry"), place.get("feature")) {
                    (Some(geometry), None) => {
                        let at = place.at("geometry");
                        let crs = crs(&place, "crs", asker)?;
                        Source::Drawn(drawn(geometry, crs, &at, asker.city)?)
                    }
                    (None, Some(feature)) => {
                        let at = place.at("feature");
                        named(std::slice::from_ref(feature), &at, asker)?
                    }
                    _ => return Err(Error::invalid(pointer, "wants a geometry or a feature")),
                }
            }
        };
        Ok(Self { source, pointer, buffer_m: None })
    }

    /// Reads the metres around the place.
    ///
    /// # Errors
    /// 422 with a pointer.
    pub fn with_buffer(mut self, fields: &Fields<'_>) -> Result<Self> {
        let most = limit::QUESTION_BUFFER_M_MAX;
        self.buffer_m = fields.number("buffer_m", (-most, most), " m")?;
        Ok(self)
    }

    /// The layer and the ids, when features are asked about.
    pub fn features(&self) -> Option<(&Arc<Layer>, &[i64])> {
        match &self.source {
            Source::Features(layer, ids) => Some((layer, ids)),
            Source::Drawn(_) => None,
        }
    }

    /// The geometry.
    ///
    /// # Errors
    /// 404 a feature is not there; 422 it has no geometry, is not valid, or nothing is left of it.
    pub async fn shape(&self, client: &Client, city: &City) -> Result<Shape> {
        let ewkb = match &self.source {
            Source::Drawn(ewkb) => ewkb.clone(),
            Source::Features(layer, ids) => {
                let found = sql::geometry_of(client, layer, ids).await?;
                if let Some(id) = ids.iter().find(|id| !found.ids.contains(id)) {
                    return Err(Error::not_found("feature", format!("{}/{id}", layer.id)));
                }
                found
                    .ewkb
                    .ok_or_else(|| Error::invalid(&self.pointer, "the feature has no geometry"))?
            }
        };
        let window = filter::placed(&filter::boxed(city.bounds), Crs::Crs84, city, "")
            .map_err(|fault| fault.of("bounds"))?;
        let window = ewkb_of_geometry(&window, city.srid)?;
        match sql::shape(client, &ewkb, self.buffer_m, &window).await? {
            Ok(Some(shape)) => Ok(shape),
            Ok(None) => Err(match self.buffer_m {
                Some(_) => Error::invalid("/buffer_m", "nothing is left of the place"),
                None => Error::invalid(&self.pointer, "the geometry is empty"),
            }),
            Err(reason) => Err(Error::invalid(&self.pointer, format!("is not valid: {reason}"))),
        }
    }

    /// The geometry, which must be an area.
    ///
    /// # Errors
    /// As [`Place::shape`]; 422 when it is a point or a line.
    pub async fn area(&self, client: &Client, city: &City) -> Result<Shape> {
        let shape = self.shape(client, city).await?;
        if shape.dimension < 2 {
            let detail = "points and lines have no area: give metres around them in buffer_m";
            return Err(Error::invalid(&self.pointer, detail));
        }
        Ok(shape)
    }

    /// The place in a sentence.
    pub fn told(&self, russian: bool) -> String {
        let what = match &self.source {
            Source::Drawn(_) if russian => "заданный контур".to_string(),
            Source::Drawn(_) => "the given geometry".to_string(),
            Source::Features(layer, ids) => {
                let title = super::said(&layer.title, russian);
                let shown: Vec<String> = ids.iter().take(5).map(i64::to_string).collect();
                let more = if ids.len() > 5 { ", …" } else { "" };
                format!("«{title}» № {}{more}", shown.join(", "))
            }
        };
        match self.buffer_m {
            Some(metres) if metres != 0.0 && russian => format!("{what}, отступ {metres} м"),
            Some(metres) if metres != 0.0 => format!("{what}, buffer {metres} m"),
            _ => what,
        }
    }
}

/// A coordinate system that a field names; CRS84 when it is absent.
///
/// # Errors
/// 422.
pub fn crs(fields: &Fields<'_>, name: &str, asker: &Asker<'_>) -> Result<Crs> {
    let Some(uri) = fields.text(name)? else { return Ok(Crs::Crs84) };
    Crs::parse(name, uri, asker.base, asker.city)
        .map_err(|error| Error::invalid(fields.at(name), error.to_string()))
}

fn named(list: &[Json], pointer: &str, asker: &Asker<'_>) -> Result<Source> {
    if list.is_empty() {
        return Err(Error::invalid(pointer, "names no feature"));
    }
    if list.len() > limit::QUESTION_SUBJECTS_MAX {
        let limit = limit::QUESTION_SUBJECTS_MAX.to_string();
        return Err(Error::TooLarge { what: "the number of features", limit });
    }
    let mut found: Option<Arc<Layer>> = None;
    let mut ids = Vec::new();
    for one in list {
        let parts = one.as_str().and_then(|text| text.split_once('/'));
        let Some((layer, id)) = parts else {
            return Err(Error::invalid(pointer, format!("{one} is not of the form \"layer/id\"")));
        };
        let layer = asker.catalogue.readable_by(asker.caller, layer)?;
        let id: i64 =
            id.parse().map_err(|_| Error::not_found("feature", format!("{}/{id}", layer.id)))?;
        if found.as_ref().is_some_and(|other| other.id != layer.id) {
            return Err(Error::invalid(pointer, "the features are of different layers"));
        }
        found = Some(layer.clone());
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    match found {
        Some(layer) => Ok(Source::Features(layer, ids)),
        None => Err(Error::invalid(pointer, "names no feature")),
    }
}

/// EWKB in the city's system of a GeoJSON geometry.
fn drawn(json: &Json, crs: Crs, at: &str, city: &City) -> Result<Vec<u8>> {
    GeoJson(json.clone()).check(at)?;
    let geometry = geometry_of_geojson(json)?;
    let geometry = match crs.north_first() {
        true => geometry.map_coords(|c| geo::Coord { x: c.y, y: c.x }),
        false => geometry,
    };
    let inside = match geometry.bounding_rect() {
        Some(bounds) => reaches([bounds.min().x_y(), bounds.max().x_y()], crs, city)?,
        None => return Err(Error::invalid(at, "the geometry is empty")),
    };
    if !inside {
        let detail = format!("lies more than {MARGIN} degree beyond the bounds of the city");
        return Err(Error::invalid(at, detail));
    }
    let placed = filter::placed(&geometry, crs, city, at)
        .map_err(|fault| Error::invalid(at, fault.detail))?;
    ewkb_of_geometry(&placed, city.srid)
}

/// Whether corners lie within the city and its surroundings.
fn reaches(corners: [(f64, f64); 2], crs: Crs, city: &City) -> Result<bool> {
    let [west, south, east, north] = city.bounds;
    let window = [west - MARGIN, south - MARGIN, east + MARGIN, north + MARGIN];
    let [x0, y0, x1, y1] = match crs {
        Crs::Crs84 | Crs::Epsg4326 => window,
        Crs::Epsg3857 => {
            let up = |lat: f64| lat.to_radians().sin().atanh() * RADIUS;
            let [west, south, east, north] = window;
            [west.to_radians() * RADIUS, up(south), east.to_radians() * RADIUS, up(north)]
        }
        Crs::City(_) => {
            let projector = Projector::new(&city.proj)?;
            let [west, south, east, north] = window;
            let (x0, y0) = projector.project(west, south)?;
            let (x1, y1) = projector.project(east, north)?;
            [x0, y0, x1, y1]
        }
    };
    let within = |(x, y): (f64, f64)| (x0..=x1).contains(&x) && (y0..=y1).contains(&y);
    Ok(corners.into_iter().all(within))
}
