//! An answer: a table with its totals, the versions of the data, and the question in words. One shape
//! serves JSON, pages, and every format of tables.

use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use super::{Kind, Question};
use crate::config::Words;
use crate::feature::{Column, Record, Sheet};
use crate::layer::{PropertyType, Value};

/// One number of the whole answer.
#[derive(Debug, Clone)]
pub struct Fact {
    pub name: &'static str,
    pub label: Words,
    pub unit: Option<&'static str>,
    pub value: Value,
}

/// Which state of a layer was asked.
#[derive(Debug, Clone)]
pub struct Version {
    pub layer: String,
    pub title: String,
    /// The last change that the caller may know of; `None`: none is noted.
    pub changed_at: Option<Timestamp>,
}

/// An answer to a question.
#[derive(Debug, Clone)]
pub struct Answer {
    pub kind: Kind,
    /// As it was asked.
    pub question: Json,
    /// The question in a sentence.
    pub asked: String,
    pub at: Timestamp,
    pub versions: Vec<Version>,
    pub sheet: Sheet,
    pub records: Vec<Record>,
    /// Columns of the answer itself; the others are properties of the feature.
    pub own: usize,
    /// Whether a record's id is that of a feature.
    pub ids: bool,
    pub facts: Vec<Fact>,
    /// Totals of each class, for answers whose rows are of features.
    pub classes: Vec<Json>,
    /// Whether there is more than is listed.
    pub truncated: bool,
    /// What to put into `after` for the rows that follow.
    pub next: Option<Json>,
    /// West, south, east, north (CRS84) of the place.
    pub bbox: Option<[f64; 4]>,
}

impl Answer {
    pub(super) fn new(asked: String, sheet: Sheet) -> Self {
        Self {
            kind: Kind::Area,
            question: Json::Null,
            asked,
            at: Timestamp::now(),
            versions: Vec::new(),
            own: sheet.columns.len(),
            ids: true,
            sheet,
            records: Vec::new(),
            facts: Vec::new(),
            classes: Vec::new(),
            truncated: false,
            next: None,
            bbox: None,
        }
    }

    /// States the question, the date, the versions and the counts beside the table.
    pub(super) fn finish(&mut self, question: &Question, russian: bool) {
        let say = |ru: &str, en: &str| if russian { ru.to_string() } else { en.to_string() };
        self.kind = question.kind;
        self.question = question.body.clone();
        let mut about = vec![
            (say("Вопрос", "Question"), self.asked.clone()),
            (
                say("Вопрос (JSON)", "Question (JSON)"),
                json!({ "kind": self.kind.name(), "question": self.question }).to_string(),
            ),
            (say("Дата ответа", "Answered at"), format!("{:.0}", self.at)),
        ];
        for version in &self.versions {
            let name = say("Данные", "Data");
            let when = match version.changed_at {
                Some(at) => format!("{} {at:.0}", say("изменены", "changed at")),
                None => say("изменений не отмечено", "no change is noted"),
            };
            about.push((name, format!("{} ({}): {when}", version.title, version.layer)));
        }
        for fact in &self.facts {
            let label = super::said(&fact.label, russian).to_string();
            let unit = fact.unit.map(|unit| format!(" {unit}")).unwrap_or_default();
            let value = match &fact.value {
                Value::Text(text) => text.clone(),
                value => value.to_json().to_string(),
            };
            about.push((label, format!("{value}{unit}")));
        }
        about.push((say("Строк", "Rows"), self.records.len().to_string()));
        if self.truncated {
            let more = say(
                "показаны не все строки: достигнут предел limit",
                "not every row is listed: the limit was reached",
            );
            about.push((say("Неполно", "Incomplete"), more));
        }
        self.sheet.about = about;
    }

    /// A row as JSON.
    fn row(&self, record: &Record) -> Json {
        let mut row = Map::new();
        if self.ids {
            row.insert("id".into(), record.id.into());
        }
        let values = self.sheet.columns.iter().zip(&record.values);
        let (mut own, mut properties) = (Vec::new(), Map::new());
        for (at, (column, value)) in values.enumerate() {
            if at < self.own {
                own.push((column.name.clone(), value.to_json()));
            } else {
                properties.insert(column.name.clone(), value.to_json());
            }
        }
        row.extend(own);
        if self.own < self.sheet.columns.len() {
            row.insert("properties".into(), properties.into());
        }
        row.into()
    }

    /// The answer as JSON.
    pub fn to_json(&self) -> Json {
        let data = self.versions.iter().map(|version| {
            json!({ "layer": version.layer, "title": version.title,
                    "changed_at": version.changed_at.map(|at| at.to_string()) })
        });
        let totals: Map<String, Json> =
            self.facts.iter().map(|fact| (fact.name.to_string(), fact.value.to_json())).collect();
        let mut json = json!({
            "kind": self.kind.name(),
            "question": self.question,
            "asked": self.asked,
            "answered_at": self.at.to_string(),
            "data": data.collect::<Vec<_>>(),
            "bbox": self.bbox,
            "rows": self.records.iter().map(|record| self.row(record)).collect::<Vec<_>>(),
            "totals": totals,
            "returned": self.records.len(),
            "truncated": self.truncated,
        });
        if !self.classes.is_empty() {
            json["classes"] = self.classes.clone().into();
        }
        if let Some(next) = &self.next {
            json["next"] = next.clone();
        }
        json
    }
}

/// A column of the answer itself.
pub fn column(name: &str, kind: PropertyType, label: Words, unit: Option<&str>) -> Column {
    Column { name: name.into(), kind, label, unit: unit.map(str::to_string) }
}

/// A number without the noise of its last digits; never `-0`.
pub fn tidy(value: f64, digits: i32) -> Value {
    let power = 10f64.powi(digits);
    Value::Number((value * power).round() / power + 0.0)
}

/// A text, or nothing.
pub fn text(value: Option<String>) -> Value {
    value.map_or(Value::Null, Value::Text)
}
