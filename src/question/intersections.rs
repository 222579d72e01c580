//! Features of one layer × classes of another: how much of each feature lies in each class.
//!
//! Several features of one class over the same land count once.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use tokio_postgres::Client;

use super::answer::{Answer, Fact, column, text, tidy};
use super::body::Fields;
use super::place::{Place, crs};
use super::target::Target;
use super::{Asker, Wanted, both, sql};
use crate::config::limit;
use crate::error::{Error, Result};
use crate::feature::{Record, Sheet};
use crate::filter;
use crate::geometry::{Bbox, Crs, Flat, ewkb_of_geometry};
use crate::layer::{GeometryType, Layer, PropertyType, Value};

const FIELDS: [&str; 12] = [
    "layer",
    "filter",
    "filter_crs",
    "within",
    "buffer_m",
    "bbox",
    "bbox_crs",
    "with",
    "min_share",
    "min_m2",
    "limit",
    "after",
];

/// A question for what each feature is covered by.
pub struct Intersections {
    pub subject: Target,
    pub other: Target,
    within: Option<Place>,
    /// EWKB in the city's system.
    bbox: Option<Vec<u8>>,
    pub min_share: f64,
    pub min_m2: f64,
    limit: Option<i64>,
    /// Feature and class of the last row before.
    after: Option<(i64, Option<String>)>,
}

impl Intersections {
    /// Reads `{layer, filter?, within?, buffer_m?, bbox?, bbox_crs?, with: {layer, by?, filter?},
    /// min_share?, min_m2?, limit?, after?}`.
    ///
    /// # Errors
    /// 404, 413, 422 with a pointer.
    pub fn parse(body: &Json, asker: &Asker<'_>) -> Result<Self> {
        let fields = Fields::of(body, "", &FIELDS)?;
        let subject = Target::parse(&fields, asker)?;
        let known = ["layer", "by", "filter", "filter_crs"];
        let with = Fields::of(fields.wanted("with")?, "/with", &known)?;
        let other = Target::parse(&with, asker)?.with_classes(&with)?;
        let within = match fields.get("within") {
            Some(_) => Some(Place::parse(&fields, "within", asker)?.with_buffer(&fields)?),
            None if fields.get("buffer_m").is_some() => {
                return Err(Error::invalid("/buffer_m", "there is no within to go around"));
            }
            None => None,
        };
        let bbox = match fields.get("bbox") {
            Some(json) => Some(boxed(json, crs(&fields, "bbox_crs", asker)?, asker)?),
            None => None,
        };
        let areas = subject.dimension() == 2 && other.dimension() == 2;
        if !areas && fields.get("min_m2").is_some() {
            return Err(Error::invalid("/min_m2", "one of the layers has no areas"));
        }
        let shared = subject.dimension() > 0 && subject.dimension() <= other.dimension();
        if !shared && fields.get("min_share").is_some() {
            let detail = "the features of the two layers have no share in common";
            return Err(Error::invalid("/min_share", detail));
        }
        let min_m2 = fields.number("min_m2", (0.0, 1e9), " m²")?;
        let after = match fields.get("after") {
            Some(json) => Some(after(json)?),
            None => None,
        };
        Ok(Self {
            within,
            bbox,
            min_share: fields.number("min_share", (0.0, 1.0), "")?.unwrap_or_default(),
            min_m2: min_m2.unwrap_or(if areas { limit::SLIVER_M2 } else { 0.0 }),
            limit: fields.whole("limit", 1, limit::QUESTION_ROWS_MAX)?,
            after,
            subject,
            other,
        })
    }

    /// The layers whose data are asked.
    pub fn layers(&self) -> Vec<Arc<Layer>> {
        let place = self.within.as_ref().and_then(Place::features).map(|(layer, _)| layer.clone());
        let mut list = vec![self.subject.layer.clone()];
        for layer in std::iter::once(self.other.layer.clone()).chain(place) {
            if list.iter().all(|known| known.id != layer.id) {
                list.push(layer);
            }
        }
        list
    }

    /// 2: areas in common are measured, 1: lengths, 0: features are counted.
    pub fn dimension(&self) -> u8 {
        self.subject.dimension().min(self.other.dimension())
    }

    /// Whether the share of a feature has a meaning.
    pub fn has_share(&self) -> bool {
        self.dimension() > 0 && self.dimension() == self.subject.dimension()
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
        let shape = match &self.within {
            Some(place) => Some(place.area(client, asker.city).await?),
            None => None,
        };
        let usual = if wanted.all { limit::QUESTION_ROWS_MAX } else { limit::QUESTION_ROWS };
        let most = self.limit.unwrap_or(usual);
        let areas: Vec<&[u8]> = shape
            .as_ref()
            .map(|shape| shape.ewkb.as_slice())
            .into_iter()
            .chain(self.bbox.as_deref())
            .collect();
        let window = sql::Window { areas, after: self.after.as_ref(), limit: most + 1 };
        let drawn = wanted.geometry && self.dimension() > 0;
        let met = sql::intersections(client, self, asker.city, &window, drawn).await;
        let mut met = self.subject.told(self.other.told(met))?;
        let mut answer = Answer::new(self.told(wanted.russian), self.sheet(wanted));
        answer.truncated = met.len() as i64 > most;
        met.truncate(most as usize);
        if let Some(last) = met.last().filter(|_| answer.truncated) {
            answer.next = Some(json!({ "feature": last.id, "class": last.class }));
        }
        answer.bbox = shape.map(|shape| shape.bbox);
        self.totals(&mut answer, &met, wanted);
        let mut flat = Flat::default();
        for one in met {
            let geometry = match &one.wkb {
                Some(wkb) => {
                    flat.read(wkb)?;
                    flat.bring(&wanted.wire)?;
                    Some(flat.to_wkb())
                }
                None => None,
            };
            let label = self.other.label(one.class.as_deref(), wanted.russian);
            let mut values = vec![
                Value::Text(one.title),
                text(one.class.clone()),
                text(label.or(one.class)),
                Value::Integer(one.count),
            ];
            if self.dimension() > 0 {
                values.push(tidy(one.amount, 4));
            }
            if self.has_share() {
                values.push(one.share.map_or(Value::Null, |share| tidy(share, 8)));
            }
            answer.records.push(Record { id: one.id, geometry, values });
        }
        Ok(answer)
    }

    fn told(&self, russian: bool) -> String {
        let (subject, other) = (self.subject.told_of(russian), self.other.told_of(russian));
        let mut text = match russian {
            true => format!("Что из {subject} пересекается с {other}"),
            false => format!("What of {subject} meets {other}"),
        };
        if let Some(place) = &self.within {
            let inside = if russian { "; в пределах: " } else { "; within: " };
            text.push_str(inside);
            text.push_str(&place.told(russian));
        }
        if self.bbox.is_some() {
            text.push_str(if russian {
                "; в заданной рамке"
            } else {
                "; in the given box"
            });
        }
        if self.dimension() == 2 {
            let least = if russian { "; не меньше" } else { "; at least" };
            text.push_str(&format!("{least} {} m²", self.min_m2).replace("m²", unit(russian)));
        }
        if self.min_share > 0.0 {
            let least = if russian { "; доля не меньше" } else { "; share at least" };
            text.push_str(&format!("{least} {}", self.min_share));
        }
        text
    }

    fn sheet(&self, wanted: &Wanted) -> Sheet {
        let number = PropertyType::Number;
        let mut columns = vec![
            column("title", PropertyType::Text, both("Объект", "Feature"), None),
            column("class", PropertyType::Text, both("Код", "Class"), None),
            column("label", PropertyType::Text, both("Класс", "Label"), None),
            column("count", PropertyType::Integer, both("Пересекающих", "Features met"), None),
        ];
        let common = both("В пересечении", "In common");
        match self.dimension() {
            2 => columns.push(column("m2", number, common, Some("m²"))),
            1 => columns.push(column("m", number, common, Some("m"))),
            _ => {}
        }
        if self.has_share() {
            columns.push(column("share", number, both("Доля объекта", "Share"), None));
        }
        let titles = [&self.subject, &self.other]
            .map(|target| super::said(&target.layer.title, wanted.russian));
        Sheet {
            name: format!("{}-by-{}", self.subject.layer.id, self.other.layer.id),
            title: titles.join(" × "),
            geometry: match self.dimension() {
                2 => wanted.geometry.then_some(GeometryType::MultiPolygon),
                1 => wanted.geometry.then_some(GeometryType::MultiLineString),
                _ => None,
            },
            crs: wanted.wire.crs,
            columns,
            about: Vec::new(),
        }
    }

    /// Totals of what is listed.
    fn totals(&self, answer: &mut Answer, met: &[sql::Met], wanted: &Wanted) {
        let mut features: Vec<i64> = met.iter().map(|one| one.id).collect();
        features.dedup();
        let mut classes: Vec<(Option<&str>, i64, f64)> = Vec::new();
        for one in met {
            let class = one.class.as_deref();
            match classes.iter_mut().find(|(name, ..)| *name == class) {
                Some((_, count, amount)) => {
                    *count += 1;
                    *amount += one.amount;
                }
                None => classes.push((class, 1, one.amount)),
            }
        }
        classes.sort_by(|a, b| b.2.total_cmp(&a.2));
        let amount = if self.dimension() == 2 { "m2" } else { "m" };
        let told = classes.iter().take(limit::QUESTION_CLASSES_MAX).map(|(class, count, sum)| {
            let label = self.other.label(*class, wanted.russian);
            let mut json = json!({
                "class": class, "label": label.as_deref().or(*class), "features": count,
            });
            if self.dimension() > 0 {
                json[amount] = tidy(*sum, 4).to_json();
            }
            json
        });
        answer.classes = told.collect();
        let fact = |name, ru, en, unit, value| Fact { name, label: both(ru, en), unit, value };
        answer.facts.push(fact(
            "features",
            "Объектов",
            "Features",
            None,
            Value::Integer(features.len() as i64),
        ));
        let sum = tidy(met.iter().map(|one| one.amount).sum(), 4);
        match self.dimension() {
            2 => answer.facts.push(fact("m2", "В пересечении", "In common", Some("m²"), sum)),
            1 => answer.facts.push(fact("m", "В пересечении", "In common", Some("m"), sum)),
            _ => {}
        }
    }
}

fn unit(russian: bool) -> &'static str {
    if russian { "м²" } else { "m²" }
}

fn after(json: &Json) -> Result<(i64, Option<String>)> {
    let fields = Fields::of(json, "/after", &["feature", "class"])?;
    let id = fields.whole("feature", i64::MIN, i64::MAX)?;
    let id = id.ok_or_else(|| Error::invalid("/after/feature", "is missing"))?;
    Ok((id, fields.text("class")?.map(str::to_string)))
}

fn boxed(json: &Json, crs: Crs, asker: &Asker<'_>) -> Result<Vec<u8>> {
    let numbers: Option<Vec<String>> = json
        .as_array()
        .map(|list| list.iter().map(|n| n.as_f64().map(|n| n.to_string())).collect())
        .unwrap_or_default();
    let Some(numbers) = numbers else {
        return Err(Error::invalid("/bbox", "a list of four numbers is wanted"));
    };
    let told = |error: Error| Error::invalid("/bbox", error.to_string());
    let parsed = Bbox::parse(&numbers.join(","), crs.north_first(), crs.geographic());
    let bbox = parsed.map_err(told)?;
    let shape = filter::boxed([bbox.west, bbox.south, bbox.east, bbox.north]);
    let placed = filter::placed(&shape, crs, asker.city, "/bbox")
        .map_err(|fault| Error::invalid("/bbox", fault.detail))?;
    ewkb_of_geometry(&placed, asker.city.srid)
}
