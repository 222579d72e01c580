//! How much of each class lies inside an area.
//!
//! Σ classes + uncovered − double = the area asked about, where double is what lies under a second, third …
//! feature, counted each time. The parts are measured apart from each other, so that the sum is a check:
//! `difference_m2` is what is left of it, `tolerance_m2` what floating-point numbers may leave.

mod sql;

use std::sync::Arc;

use serde_json::Value as Json;
use tokio_postgres::Client;

use super::answer::{Answer, Fact, column, text, tidy};
use super::body::Fields;
use super::place::{Place, Shape};
use super::target::Target;
use super::{Asker, Wanted, both};
use crate::config::limit;
use crate::error::{Error, Result};
use crate::feature::{Record, Sheet};
use crate::geometry::Flat;
use crate::layer::{GeometryType, Layer, PropertyType, Value};

const FIELDS: [&str; 7] =
    ["within", "buffer_m", "layer", "by", "filter", "filter_crs", "sliver_m2"];

/// Metres squared by which the parts may miss the whole, beside a billionth of it.
const TOLERANCE_M2: f64 = 0.01;

/// A question for what lies inside an area.
pub struct Area {
    within: Place,
    target: Target,
    sliver_m2: f64,
}

impl Area {
    /// Reads `{within, buffer_m?, layer, by?, filter?, filter_crs?, sliver_m2?}`.
    ///
    /// # Errors
    /// 404, 413, 422 with a pointer.
    pub fn parse(body: &Json, asker: &Asker<'_>) -> Result<Self> {
        let fields = Fields::of(body, "", &FIELDS)?;
        let target = Target::parse(&fields, asker)?.with_classes(&fields)?;
        let within = Place::parse(&fields, "within", asker)?.with_buffer(&fields)?;
        let sliver = fields.number("sliver_m2", (0.0, 1e6), " m²")?;
        Ok(Self { within, target, sliver_m2: sliver.unwrap_or(limit::SLIVER_M2) })
    }

    /// The layers whose data are asked.
    pub fn layers(&self) -> Vec<Arc<Layer>> {
        let place = self.within.features().map(|(layer, _)| layer.clone());
        let target = self.target.layer.clone();
        let place = place.filter(|layer| layer.id != target.id);
        std::iter::once(target).chain(place).collect()
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
        let shape = self.within.area(client, asker.city).await?;
        let found = sql::classes(client, &self.target, asker.city, &shape, self.sliver_m2).await;
        let found = self.target.told(found)?;
        if found.classes.len() > limit::QUESTION_CLASSES_MAX {
            let limit = limit::QUESTION_CLASSES_MAX.to_string();
            return Err(Error::TooLarge { what: "the number of classes", limit });
        }
        let drawn = wanted.geometry && self.target.dimension() > 0;
        let cover = match self.target.dimension() {
            2 => {
                let slivers = &found.sliver_ids;
                let (target, city) = (&self.target, asker.city);
                let cover = sql::cover(client, target, city, &shape, slivers, drawn).await;
                Some(self.target.told(cover)?)
            }
            _ => None,
        };
        let shapes = match drawn {
            true => {
                let slivers = &found.sliver_ids;
                sql::class_shapes(client, &self.target, asker.city, &shape, slivers).await?
            }
            false => Vec::new(),
        };
        let mut table = Table { area: self, wanted, flat: Flat::default(), records: Vec::new() };
        for class in &found.classes {
            let drawn = shapes.iter().find(|(name, _)| *name == class.class);
            table.class(class, &shape, drawn.map(|(_, wkb)| wkb.as_slice()))?;
        }
        if let Some(cover) = &cover {
            let whole = shape.area_m2;
            table.other("uncovered", cover.uncovered_m2, whole, cover.uncovered.as_deref())?;
            table.other("double", cover.double_m2, whole, cover.double.as_deref())?;
        }
        let records = table.records;
        let mut answer = Answer::new(self.told(wanted.russian), self.sheet(wanted));
        answer.records = records;
        answer.ids = false;
        answer.bbox = Some(shape.bbox);
        answer.facts = self.facts(&shape, &found, cover.as_ref());
        Ok(answer)
    }

    fn told(&self, russian: bool) -> String {
        let (place, target) = (self.within.told(russian), self.target.told_of(russian));
        match russian {
            true => format!("Сколько {target} лежит внутри: {place}"),
            false => format!("How much of {target} lies inside: {place}"),
        }
    }

    fn sheet(&self, wanted: &Wanted) -> Sheet {
        let number = PropertyType::Number;
        let mut columns = vec![
            column("row", PropertyType::Text, both("Строка", "Row"), None),
            column("class", PropertyType::Text, both("Код", "Class"), None),
            column("label", PropertyType::Text, both("Класс", "Label"), None),
            column("count", PropertyType::Integer, both("Объектов", "Features"), None),
        ];
        let (inside, whole) = (both("Внутри", "Inside"), both("Целиком", "Whole"));
        match self.target.dimension() {
            2 => {
                columns.push(column("inside_m2", number, inside, Some("m²")));
                columns.push(column("whole_m2", number, whole, Some("m²")));
                let share = both("Доля площади вопроса", "Share of the area");
                columns.push(column("share", number, share, None));
            }
            1 => {
                columns.push(column("inside_m", number, inside, Some("m")));
                columns.push(column("whole_m", number, whole, Some("m")));
            }
            _ => {}
        }
        let title = super::said(&self.target.layer.title, wanted.russian);
        Sheet {
            name: format!("area-{}", self.target.layer.id),
            title: match wanted.russian {
                true => format!("Состав территории: {title}"),
                false => format!("What lies inside: {title}"),
            },
            geometry: match self.target.layer.geometry {
                GeometryType::Point => None,
                other => wanted.geometry.then_some(other),
            },
            crs: wanted.wire.crs,
            columns,
            about: Vec::new(),
        }
    }

    fn facts(&self, shape: &Shape, found: &sql::Classes, cover: Option<&sql::Cover>) -> Vec<Fact> {
        let area = |name, ru, en, value| Fact {
            name,
            label: both(ru, en),
            unit: Some("m²"),
            value: tidy(value, 4),
        };
        let count = |name, ru, en, value| Fact {
            name,
            label: both(ru, en),
            unit: None,
            value: Value::Integer(value),
        };
        let features = found.classes.iter().map(|class| class.count).sum();
        let inside: f64 = found.classes.iter().map(|class| class.inside).sum();
        let mut facts = vec![
            area("area_m2", "Площадь вопроса", "Area asked about", shape.area_m2),
            area(
                "outside_city_m2",
                "Из неё за границами данных города",
                "Of it beyond the bounds of the city",
                shape.outside_m2,
            ),
            count("features", "Объектов", "Features", features),
        ];
        match self.target.dimension() {
            2 => facts.push(area("classes_m2", "Сумма по классам", "Sum of the classes", inside)),
            1 => facts.push(Fact {
                unit: Some("m"),
                ..area("classes_m", "Сумма по классам", "Sum of the classes", inside)
            }),
            _ => {}
        }
        let Some(cover) = cover else { return facts };
        let double = cover.double_m2;
        let difference = inside + cover.uncovered_m2 - double - shape.area_m2;
        let tolerance = TOLERANCE_M2 + shape.area_m2 * 1e-9;
        facts.extend([
            area("uncovered_m2", "Не покрыто", "Not covered", cover.uncovered_m2),
            area("double_m2", "Покрыто повторно", "Covered again", double),
            area(
                "double_land_m2",
                "Земля, покрытая более одного раза",
                "Land that is covered more than once",
                cover.double_land_m2,
            ),
            Fact {
                value: tidy(difference, 6),
                ..area(
                    "difference_m2",
                    "Невязка: сумма по классам + не покрыто − повторно − площадь вопроса",
                    "Sum of the classes + not covered − covered again − area asked about",
                    0.0,
                )
            },
            area("tolerance_m2", "Допуск невязки", "Tolerance of the difference", tolerance),
            count("slivers", "Краевых полосок отброшено", "Slivers left out", found.slivers),
            area("slivers_m2", "Их площадь", "Their area", found.slivers_m2),
            area("sliver_m2", "Порог полоски", "Threshold of a sliver", self.sliver_m2),
        ]);
        facts
    }
}

struct Table<'a> {
    area: &'a Area,
    wanted: &'a Wanted,
    flat: Flat,
    records: Vec<Record>,
}

impl Table<'_> {
    fn brought(&mut self, wkb: Option<&[u8]>) -> Result<Option<Vec<u8>>> {
        let Some(wkb) = wkb else { return Ok(None) };
        self.flat.read(wkb)?;
        self.flat.bring(&self.wanted.wire)?;
        Ok(Some(self.flat.to_wkb()))
    }

    fn push(&mut self, geometry: Option<Vec<u8>>, values: Vec<Value>) {
        let id = self.records.len() as i64 + 1;
        self.records.push(Record { id, geometry, values });
    }

    fn class(&mut self, class: &sql::Class, shape: &Shape, wkb: Option<&[u8]>) -> Result<()> {
        let label = self.area.target.label(class.class.as_deref(), self.wanted.russian);
        let mut values = vec![
            Value::Text("class".into()),
            text(class.class.clone()),
            text(label.or_else(|| class.class.clone())),
            Value::Integer(class.count),
        ];
        match self.area.target.dimension() {
            2 => values.extend([
                tidy(class.inside, 4),
                tidy(class.whole, 4),
                tidy(class.inside / shape.area_m2, 8),
            ]),
            1 => values.extend([tidy(class.inside, 4), tidy(class.whole, 4)]),
            _ => {}
        }
        let geometry = self.brought(wkb)?;
        self.push(geometry, values);
        Ok(())
    }

    fn other(&mut self, row: &str, m2: f64, whole: f64, wkb: Option<&[u8]>) -> Result<()> {
        let label = match (row, self.wanted.russian) {
            ("uncovered", true) => "Не покрыто ничем",
            ("uncovered", false) => "Covered by nothing",
            (_, true) => "Покрыто повторно",
            (_, false) => "Covered more than once",
        };
        let values = vec![
            Value::Text(row.into()),
            Value::Null,
            Value::Text(label.into()),
            Value::Null,
            tidy(m2, 4),
            Value::Null,
            tidy(m2 / whole, 8),
        ];
        let geometry = self.brought(wkb)?;
        self.push(geometry, values);
        Ok(())
    }
}
