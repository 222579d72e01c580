//! Values as Russian readers write them, in the words of the layer file.

use serde_json::Value;

use crate::config::Words;
use crate::layer::{GeometryType, Layer, Property, PropertyType};

/// A text in the pages' language.
pub fn word(words: &Words) -> &str {
    words.get("ru").or_else(|| words.get("en")).map_or("", String::as_str)
}

/// A number as Russian readers write it, no zeros at its end.
pub fn number(value: f64, digits: usize) -> String {
    let text = exact(value, digits);
    match text.contains(',') {
        true => text.trim_end_matches('0').trim_end_matches(',').to_string(),
        false => text,
    }
}

/// A number with so many decimals: coordinates, money.
pub fn exact(value: f64, digits: usize) -> String {
    let text = format!("{:.digits$}", value.abs());
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let some = text.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    let mut grouped = String::from(if value < 0.0 && some { "−" } else { "" });
    for (at, c) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            grouped.push('\u{a0}');
        }
        grouped.push(c);
    }
    if rest.is_empty() { grouped } else { format!("{grouped},{rest}") }
}

/// A count with its noun: `один объект`, `два объекта`, `пять объектов`.
pub fn count(n: usize, [one, few, many]: [&str; 3]) -> String {
    let noun = match (n % 10, n % 100) {
        (_, 11..=14) => many,
        (1, _) => one,
        (2..=4, _) => few,
        _ => many,
    };
    format!("{}\u{a0}{noun}", number(n as f64, 0))
}

/// The noun of features, for [`count`].
pub const FEATURES: [&str; 3] = ["объект", "объекта", "объектов"];

/// A length: metres below a kilometre.
pub fn length(m: f64) -> String {
    if m < 1_000.0 {
        format!("{}\u{a0}м", number(m, 0))
    } else {
        format!("{}\u{a0}км", number(m / 1_000.0, 1))
    }
}

/// An area: m² below a hectare, hectares above.
pub fn area(m2: f64) -> String {
    if m2 < 10_000.0 {
        format!("{} м²", number(m2, 1))
    } else {
        format!("{} га", number(m2 / 10_000.0, 2))
    }
}

/// `2026-01-31` → `31.01.2026`.
pub fn date(text: &str) -> String {
    let parts: Vec<&str> = text.split('-').collect();
    match parts[..] {
        [year, month, day] => format!("{day}.{month}.{year}"),
        _ => text.to_string(),
    }
}

/// `2026-01-31T07:15:00Z` → `31.01.2026 10:15` by the city's clock.
pub fn moment(at: jiff::Timestamp, zone: &jiff::tz::TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%d.%m.%Y %H:%M").to_string()
}

/// A unit as it stands after a number.
pub fn unit(name: &str) -> &str {
    match name {
        "m²" | "m2" => "м²",
        "m" => "м",
        "RUB" => "₽",
        other => other,
    }
}

/// A value in the words of the layer file, with its unit.
pub fn shown(property: &Property, value: &Value) -> String {
    let text = bare(property, value);
    match property.unit.as_deref() {
        Some(name) if !value.is_null() => format!("{text}\u{a0}{}", unit(name)),
        _ => text,
    }
}

/// A value in the words of the layer file.
pub fn bare(property: &Property, value: &Value) -> String {
    match value {
        Value::Null => "нет сведений".into(),
        Value::String(text) if property.kind == PropertyType::Date => date(text),
        Value::String(text) => code(property, text),
        Value::Number(n) if property.name.ends_with("year") => n.to_string(),
        Value::Number(n) => {
            let value = n.as_f64().unwrap_or_default();
            let money = matches!(property.unit.as_deref(), Some("RUB" | "₽"));
            if money && value.fract() != 0.0 { exact(value, 2) } else { number(value, 2) }
        }
        Value::Array(list) => {
            let codes = list.iter().filter_map(Value::as_str).map(|text| code(property, text));
            codes.collect::<Vec<_>>().join(", ")
        }
        Value::Bool(yes) => if *yes { "да" } else { "нет" }.into(),
        other => other.to_string(),
    }
}

/// A code in words.
fn code(property: &Property, text: &str) -> String {
    let known = property.values.iter().flatten().find(|known| known.code == text);
    known.map_or_else(|| text.to_string(), |known| known.ru.clone())
}

/// What names a feature, in words where it is a code. Codes of the municipality's own language (Ж-1) are
/// names already.
pub fn title(layer: &Layer, named: &str) -> String {
    let property = layer.title_property.as_ref().and_then(|name| layer.property(name));
    match property {
        Some(property) if named.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') => {
            code(property, named)
        }
        Some(property) if property.kind == PropertyType::Date => date(named),
        _ => named.to_string(),
    }
}

/// A type in a word.
pub fn kind(kind: PropertyType) -> &'static str {
    match kind {
        PropertyType::Text => "текст",
        PropertyType::Integer => "целое число",
        PropertyType::Number => "число",
        PropertyType::Boolean => "да или нет",
        PropertyType::Date => "дата",
        PropertyType::CadastralNumber => "кадастровый номер",
        PropertyType::TextArray => "список",
    }
}

/// A kind of geometry in a word.
pub fn geometry(kind: GeometryType) -> &'static str {
    match kind {
        GeometryType::Point => "точки",
        GeometryType::MultiLineString => "линии",
        GeometryType::MultiPolygon => "области",
    }
}
