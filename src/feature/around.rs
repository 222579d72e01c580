//! What lies around a place: outlines for a small plan.

use deadpool_postgres::Object;
use futures_util::TryStreamExt;

use super::page::Reading;
use super::page::sql::Statement;
use super::query::{Asker, FeatureQuery};
use super::record::Record;
use crate::error::Result;
use crate::filter::{self, Filter};
use crate::geometry::{Crs, Flat, Wire};

/// A feature as it is drawn, in the city's system.
#[derive(Debug, Clone)]
pub struct Outline {
    pub id: i64,
    pub title: String,
    /// 0 points, 1 lines, 2 areas.
    pub dimension: u8,
    pub lines: Vec<Vec<[f64; 2]>>,
}

impl Outline {
    /// Of a record in the city's system; `None`: it has no geometry.
    ///
    /// # Errors
    /// [`crate::error::Error::Internal`].
    pub fn of(record: &Record, title: String) -> Result<Option<Self>> {
        let Some(wkb) = &record.geometry else { return Ok(None) };
        let mut flat = Flat::default();
        flat.read(wkb)?;
        let lines: Vec<Vec<[f64; 2]>> =
            flat.lines().filter(|line| !line.is_empty()).map(<[_]>::to_vec).collect();
        let dimension = flat.dimension();
        Ok((!lines.is_empty()).then_some(Self { id: record.id, title, dimension, lines }))
    }

    /// West, south, east, north.
    pub fn bounds(&self) -> [f64; 4] {
        let none = [f64::MAX, f64::MAX, f64::MIN, f64::MIN];
        self.lines
            .iter()
            .flatten()
            .fold(none, |[x0, y0, x1, y1], [x, y]| [x0.min(*x), y0.min(*y), x1.max(*x), y1.max(*y)])
    }
}

/// Features of a layer that meet a window of the city's system, so many at most, their lines made simpler
/// by so many metres.
///
/// # Errors
/// As any statement.
pub async fn around(
    client: &Object,
    asker: Asker<'_>,
    wire: Wire,
    [west, south, east, north]: [f64; 4],
    tolerance_m: f64,
    limit: i64,
) -> Result<Vec<Outline>> {
    let Asker { layer, caller, city, .. } = asker;
    let mut query = FeatureQuery::all(layer, caller);
    let text = format!("S_INTERSECTS(geometry, BBOX({west:?}, {south:?}, {east:?}, {north:?}))");
    let asked = filter::parse_text(&text).map_err(|fault| fault.of("window"))?;
    let crs = Crs::City(city.srid);
    let checked = Filter::new(asked, &query.queryables, crs, city);
    query.filter = Some(checked.map_err(|fault| fault.of("window"))?);
    query.crs = crs;
    query.tolerance_m = Some(tolerance_m);
    let named = |name: &String| match &layer.title_property {
        Some(title) => title == name,
        None => layer.find.contains(name),
    };
    query.properties.retain(named);
    let statement = Statement { layer, query: &query, city, after: None };
    let rows = statement.stream(client, Some(limit), false).await?;
    let mut rows = std::pin::pin!(rows);
    let mut reading = Reading::new(layer, &query, wire);
    let sheet = reading.sheet(layer, &query, "");
    let mut found = Vec::new();
    while let Some(row) = rows.try_next().await? {
        let record = reading.record(&row)?;
        found.extend(Outline::of(&record, sheet.title(layer, &record))?);
    }
    Ok(found)
}
