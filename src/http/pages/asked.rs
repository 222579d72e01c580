//! A question in words: what a page of features was chosen by.

use maud::{Markup, html};

use super::words::{bare, date, moment, number, shown, unit, word};
use crate::config::City;
use crate::feature::{During, FeatureQuery};
use crate::filter::{Compare, Expr, Kind, Spatial};
use crate::layer::{Layer, Property, PropertyType};

/// A name and what was asked by it.
pub type Condition = (String, Markup);

/// What a property is called; the computed ones too.
pub fn called(layer: &Layer, name: &str) -> String {
    match (layer.property(name), name) {
        (Some(property), _) => word(&property.label).to_string(),
        (None, "area_m2") => "Площадь по границам".into(),
        (None, "valid_from") => "Время последнего изменения".into(),
        (None, "id") => "Идентификатор".into(),
        (None, "geometry") => "Границы".into(),
        (None, other) => other.into(),
    }
}

/// The conditions of a question; none: everything was asked for.
pub fn conditions(
    layer: &Layer,
    query: &FeatureQuery,
    params: &[(String, String)],
    city: &City,
) -> Vec<Condition> {
    let mut all: Vec<Condition> = Vec::new();
    let given = |name: &str| params.iter().find(|(known, _)| known == name).map(|(_, text)| text);
    if let Some(text) = given("q") {
        all.push(("Слова".into(), html! { (text) }));
    }
    for (name, value) in &query.equal {
        if let Some(property) = layer.property(name) {
            let text = shown(property, &value.to_json());
            all.push((word(&property.label).into(), html! { (text) }));
        }
    }
    if let Some(filter) = &query.filter {
        let told = sentence(layer, &filter.asked);
        all.push(match told {
            Some(text) => ("Условие".into(), html! { (text) }),
            None => ("Условие (CQL2)".into(), html! { code { (filter.asked.to_text()) } }),
        });
    }
    if let Some(text) = given("bbox") {
        all.push(("В прямоугольнике".into(), html! { (text.replace(',', ", ")) }));
    }
    if let Some(during) = query.during {
        all.push(("Время".into(), html! { (period(during, city)) }));
    }
    if !query.sort.is_empty() {
        let keys = query.sort.iter().map(|key| {
            let way = if key.descending { ", по убыванию" } else { "" };
            format!("{}{way}", called(layer, &key.name))
        });
        all.push(("Порядок".into(), html! { (keys.collect::<Vec<_>>().join("; ")) }));
    }
    all
}

/// A moment or a period by the city's clock.
pub fn period(during: During, city: &City) -> String {
    let zone = city.zone();
    let span = during.to.as_second() - during.from.as_second();
    if during.from == during.to {
        return format!("на {}", moment(during.to, &zone));
    }
    if during.from <= jiff::Timestamp::UNIX_EPOCH {
        return format!("до {}", moment(during.to, &zone));
    }
    let start = during.from.to_zoned(jiff::tz::TimeZone::UTC);
    if (86_398..=86_400).contains(&span) && start.hour() == 0 {
        return format!("на {}", date(&start.date().to_string()));
    }
    format!("с {} по {}", moment(during.from, &zone), moment(during.to, &zone))
}

/// A predicate as a sentence; `None`: it is told as it was written.
fn sentence(layer: &Layer, expr: &Expr) -> Option<String> {
    let part = |one: &Expr| {
        let text = sentence(layer, one)?;
        let compound = matches!(one.kind, Kind::And(_) | Kind::Or(_));
        Some(if compound { format!("({text})") } else { text })
    };
    let joined = |list: &[Expr], joint: &str| {
        let parts: Option<Vec<String>> = list.iter().map(part).collect();
        parts.map(|parts| parts.join(joint))
    };
    match &expr.kind {
        Kind::And(list) => joined(list, " и "),
        Kind::Or(list) => joined(list, " или "),
        Kind::Not(one) => Some(format!("не ({})", sentence(layer, one)?)),
        Kind::IsNull(one) => Some(format!("{}: нет сведений", named(layer, one)?.0)),
        Kind::Compare(op, left, right) => {
            let (name, property) = named(layer, left)?;
            let word = match op {
                Compare::Equal => "равно",
                Compare::NotEqual => "не равно",
                Compare::Less => "меньше",
                Compare::LessOrEqual => "не больше",
                Compare::Greater => "больше",
                Compare::GreaterOrEqual => "не меньше",
            };
            Some(format!("{name} {word} {}", literal(property, right)?))
        }
        Kind::Between(one, low, high) => {
            let (name, property) = named(layer, one)?;
            let (low, high) = (literal(property, low)?, literal(property, high)?);
            Some(format!("{name} от {low} до {high}"))
        }
        Kind::In(one, list) => {
            let (name, property) = named(layer, one)?;
            let values: Option<Vec<String>> = list.iter().map(|v| literal(property, v)).collect();
            Some(format!("{name} — одно из: {}", values?.join(", ")))
        }
        Kind::Like(one, pattern) => {
            let pattern = match &pattern.kind {
                Kind::Casei(inner) | Kind::Accenti(inner) => inner,
                _ => pattern,
            };
            let Kind::Text(text) = &pattern.kind else { return None };
            Some(format!("{} похоже на «{}»", named(layer, one)?.0, text.replace('%', "…")))
        }
        Kind::Spatial(Spatial::Intersects, left, right) => {
            let geometry = matches!(&left.kind, Kind::Property(name) if name == "geometry");
            let area = matches!(right.kind, Kind::Geometry(_) | Kind::Bbox(_));
            (geometry && area).then(|| "пересекает заданную область".into())
        }
        _ => None,
    }
}

/// A property in quotation marks.
fn named<'a>(layer: &'a Layer, expr: &Expr) -> Option<(String, Option<&'a Property>)> {
    match &expr.kind {
        Kind::Property(name) => Some((format!("«{}»", called(layer, name)), layer.property(name))),
        Kind::Casei(inner) | Kind::Accenti(inner) => named(layer, inner),
        _ => None,
    }
}

fn literal(property: Option<&Property>, expr: &Expr) -> Option<String> {
    let json = match &expr.kind {
        Kind::Text(text) => serde_json::Value::from(text.as_str()),
        Kind::Integer(number) => (*number).into(),
        Kind::Number(number) => (*number).into(),
        Kind::Boolean(yes) => (*yes).into(),
        Kind::Date(date) => date.to_string().into(),
        Kind::Casei(inner) | Kind::Accenti(inner) => return literal(property, inner),
        _ => return None,
    };
    Some(match property {
        Some(property) if property.kind == PropertyType::Text => {
            format!("«{}»", bare(property, &json))
        }
        Some(property) => shown(property, &json),
        None => match json.as_f64() {
            Some(value) => format!("{}\u{a0}{}", number(value, 2), unit("m²")),
            None => json.as_str()?.to_string(),
        },
    })
}
