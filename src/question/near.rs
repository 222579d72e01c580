//! What is near a geometry or a feature, nearest first; and the neighbours of parcels, whom to notify.

use std::sync::Arc;

use serde_json::Value as Json;
use tokio_postgres::Client;

use super::answer::{Answer, Fact, column, tidy};
use super::body::Fields;
use super::place::Place;
use super::target::Target;
use super::{Asker, Wanted, both, sql};
use crate::config::limit;
use crate::error::{Error, Result};
use crate::feature::{FeatureQuery, Reading};
use crate::layer::{Layer, PropertyType, Value};

/// A question for what is near.
pub struct Near {
    of: Place,
    pub target: Target,
    /// Metres; 0: what touches. `None`: however far.
    pub distance_m: Option<f64>,
    pub nearest: Option<i64>,
    limit: Option<i64>,
    neighbours: bool,
    /// The properties of the rows are those of the caller.
    query: FeatureQuery,
}

impl Near {
    /// Reads `{of, buffer_m?, layer, distance_m?, nearest?, filter?, filter_crs?, limit?}`; one of
    /// `distance_m` and `nearest` must be there.
    ///
    /// # Errors
    /// 404, 413, 422 with a pointer.
    pub fn parse(body: &Json, asker: &Asker<'_>) -> Result<Self> {
        let known =
            ["of", "buffer_m", "layer", "distance_m", "nearest", "filter", "filter_crs", "limit"];
        let fields = Fields::of(body, "", &known)?;
        let target = Target::parse(&fields, asker)?;
        let of = Place::parse(&fields, "of", asker)?.with_buffer(&fields)?;
        let near = Self {
            of,
            distance_m: distance(&fields)?,
            nearest: fields.whole("nearest", 1, limit::QUESTION_NEAREST_MAX)?,
            limit: fields.whole("limit", 1, limit::QUESTION_ROWS_MAX)?,
            neighbours: false,
            query: FeatureQuery::all(&target.layer, asker.caller),
            target,
        };
        if near.distance_m.is_none() && near.nearest.is_none() {
            return Err(Error::invalid("", "wants distance_m or nearest"));
        }
        Ok(near)
    }

    /// Reads `{of: "parcel/17" or several, distance_m?, layer?, filter?, filter_crs?, limit?}`; `layer`
    /// is that of the subject when absent, `distance_m` 0: what touches.
    ///
    /// # Errors
    /// 404, 413, 422 with a pointer.
    pub fn neighbours(body: &Json, asker: &Asker<'_>) -> Result<Self> {
        let known = ["of", "distance_m", "layer", "filter", "filter_crs", "limit"];
        let fields = Fields::of(body, "", &known)?;
        let of = Place::parse(&fields, "of", asker)?;
        let Some((subject, _)) = of.features() else {
            return Err(Error::invalid("/of", "wants features: neighbours are those of a feature"));
        };
        let target = match fields.get("layer") {
            Some(_) => Target::parse(&fields, asker)?,
            None => Target::of(subject.clone(), &fields, asker)?,
        };
        let mut query = FeatureQuery::all(&target.layer, asker.caller);
        let told = |name: &String| {
            target.layer.property(name).is_some_and(|property| {
                property.kind == PropertyType::CadastralNumber || property.name == "address"
            })
        };
        if query.properties.iter().any(told) {
            query.properties.retain(told);
        }
        Ok(Self {
            of,
            distance_m: Some(distance(&fields)?.unwrap_or_default()),
            nearest: None,
            limit: fields.whole("limit", 1, limit::QUESTION_ROWS_MAX)?,
            neighbours: true,
            query,
            target,
        })
    }

    /// The layers whose data are asked.
    pub fn layers(&self) -> Vec<Arc<Layer>> {
        let place = self.of.features().map(|(layer, _)| layer.clone());
        let target = self.target.layer.clone();
        let place = place.filter(|layer| layer.id != target.id);
        std::iter::once(target).chain(place).collect()
    }

    /// SQL of the properties of a row, in order.
    pub fn properties(&self) -> Vec<String> {
        let each = self.query.properties.iter().map(|name| match name.as_str() {
            "area_m2" if self.target.layer.property(name).is_none() => {
                format!("round(({})::numeric, 2)::float8", self.target.layer.area_expression())
            }
            _ => {
                let known = self.target.queryables.get(name);
                known.map_or_else(|| "null".into(), |known| known.sql.clone())
            }
        });
        each.collect()
    }

    /// Answers.
    ///
    /// # Errors
    /// 404, 413, 422 with a pointer.
    pub async fn answer(
        &self,
        client: &Client,
        asker: &Asker<'_>,
        wanted: &Wanted,
    ) -> Result<Answer> {
        let shape = self.of.shape(client, asker.city).await?;
        let (layer, query) = (&self.target.layer, self.query(wanted));
        // A feature is not its own neighbour.
        let own = self.of.features().filter(|(subject, _)| subject.id == layer.id);
        let subjects = own.map_or(&[][..], |(_, ids)| ids);
        let usual = if wanted.all { limit::QUESTION_ROWS_MAX } else { limit::QUESTION_ROWS };
        let most = self.limit.unwrap_or(usual).min(self.nearest.unwrap_or(i64::MAX));
        let within = match self.nearest {
            Some(count) => {
                let farthest =
                    sql::farthest(client, self, asker.city, &shape, subjects, count).await;
                match (self.target.told(farthest)?, self.distance_m) {
                    // A hair more, so that the last one is surely within its own distance.
                    (Some(far), None) => Some(far * (1.0 + 1e-12) + 1e-9),
                    (Some(far), Some(most)) => Some(most.min(far * (1.0 + 1e-12) + 1e-9)),
                    (None, _) => None,
                }
            }
            None => self.distance_m,
        };
        let rows = match within {
            Some(within) => {
                let drawn = wanted.geometry;
                let window = sql::Within { metres: within, subjects, limit: most, drawn };
                let rows = sql::near(client, self, asker.city, &shape, &window).await;
                self.target.told(rows)?
            }
            None => Vec::new(),
        };
        let mut reading = Reading::new(layer, &query, wanted.wire.clone());
        let mut sheet = reading.sheet(layer, &query, &self.title(wanted.russian));
        sheet.name = match self.neighbours {
            true => format!("neighbours-{}", layer.id),
            false => format!("near-{}", layer.id),
        };
        let distance = both("Расстояние", "Distance");
        let mut columns = vec![
            column("title", PropertyType::Text, both("Объект", "Feature"), None),
            column("distance_m", PropertyType::Number, distance, Some("m")),
        ];
        let own = columns.len();
        for mut column in std::mem::take(&mut sheet.columns) {
            // Every column of a table has a name of its own.
            while columns.iter().any(|known| known.name == column.name) {
                column.name.push('_');
            }
            columns.push(column);
        }
        sheet.columns = columns;
        let mut answer = Answer::new(self.told(wanted.russian), sheet);
        answer.own = own;
        answer.bbox = Some(shape.bbox);
        let matched = rows.first().map_or(0, |row| row.matched);
        answer.truncated = self.nearest.is_none_or(|count| most < count) && matched > most;
        for near in rows {
            let mut record = reading.record(&near.row)?;
            let distance = tidy(near.distance_m, 3);
            record.values.splice(0..0, [Value::Text(near.title), distance]);
            answer.records.push(record);
        }
        let found = if self.nearest.is_some() { answer.records.len() as i64 } else { matched };
        answer.facts.push(Fact {
            name: "found",
            label: both("Найдено", "Found"),
            unit: None,
            value: Value::Integer(found),
        });
        Ok(answer)
    }

    fn query(&self, wanted: &Wanted) -> FeatureQuery {
        let mut query = self.query.clone();
        query.geometry = wanted.geometry;
        query
    }

    fn title(&self, russian: bool) -> String {
        let title = super::said(&self.target.layer.title, russian);
        match (self.neighbours, russian) {
            (true, true) => format!("Соседи: {title}"),
            (true, false) => format!("Neighbours: {title}"),
            (false, true) => format!("Рядом: {title}"),
            (false, false) => format!("Near: {title}"),
        }
    }

    fn told(&self, russian: bool) -> String {
        let (place, target) = (self.of.told(russian), self.target.told_of(russian));
        let distance = match (self.distance_m, russian) {
            (Some(0.0), true) => ", касаются".to_string(),
            (Some(0.0), false) => ", touching".to_string(),
            (Some(metres), true) => format!(", не дальше {metres} м"),
            (Some(metres), false) => format!(", within {metres} m"),
            (None, _) => String::new(),
        };
        let nearest = match (self.nearest, russian) {
            (Some(count), true) => format!(", ближайших: {count}"),
            (Some(count), false) => format!(", nearest {count}"),
            (None, _) => String::new(),
        };
        match (self.neighbours, russian) {
            (true, true) => format!("Соседи {place}: {target}{distance}"),
            (true, false) => format!("Neighbours of {place}: {target}{distance}"),
            (false, true) => format!("Что из {target} рядом с: {place}{distance}{nearest}"),
            (false, false) => format!("What of {target} is near: {place}{distance}{nearest}"),
        }
    }
}

fn distance(fields: &Fields<'_>) -> Result<Option<f64>> {
    fields.number("distance_m", (0.0, limit::QUESTION_DISTANCE_M_MAX), " m")
}
