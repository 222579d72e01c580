//! An answer as a page for people: the question in words, the totals, the table, ways to take it along.

use axum::response::Html;
use maud::{Markup, html};

use super::App;
use super::pages::{self, number, word};
use crate::feature::Column;
use crate::geometry::Crs;
use crate::layer::{PropertyType, Value};
use crate::question::{Answer, Fact, Saved};

/// Formats that a saved question is taken along in, with their words.
const FILES: [(&str, &str); 5] = [
    ("xlsx", "Excel"),
    ("csv", "CSV"),
    ("gpkg", "GeoPackage"),
    ("geojson", "GeoJSON"),
    ("json", "JSON"),
];

/// The page of an answer.
pub fn page(imgis: &App, answer: &Answer, crs: Crs, saved: Option<&Saved>) -> Html<String> {
    let title = saved.map_or(answer.sheet.title.as_str(), |saved| saved.name.as_str());
    let now = answer.at.to_zoned(imgis.city.zone());
    let body = html! {
        h1 { (title) }
        p { (answer.asked) "." }
        p.actions {
            @if let Some(map) = map(answer) { a href=(map) { "Показать на карте" } " " }
            @if let Some(saved) = saved {
                @for (name, words) in FILES {
                    a href={ "/questions/" (saved.slug) "?f=" (name) } { (words) } " "
                }
            }
        }
        section {
            h2 { "Итоги" }
            dl {
                @for fact in &answer.facts {
                    div { dt { (word(&fact.label)) } dd { (told(fact)) } }
                }
            }
        }
        section {
            h2 { (answer.sheet.title) }
            @if answer.records.is_empty() {
                p.muted { "Ничего не найдено." }
            } @else {
                (table(answer))
            }
            @if answer.truncated {
                p.muted {
                    "Показаны первые " (answer.records.len()) " строк; есть и другие: сузьте вопрос или "
                    "увеличьте limit."
                }
            }
        }
        section {
            h2 { "На каких данных" }
            ul {
                @for version in &answer.versions {
                    li {
                        (version.title) ": "
                        @match version.changed_at {
                            Some(at) => {
                                "последнее изменение "
                                (at.to_zoned(imgis.city.zone()).strftime("%d.%m.%Y %H:%M").to_string())
                            },
                            None => "изменений не отмечено",
                        }
                    }
                }
            }
            p.muted {
                "Ответ от " (now.strftime("%d.%m.%Y %H:%M").to_string()) ". Площади и расстояния — в системе "
                "координат города" @if let Crs::City(_) = crs { " (" (imgis.city.crs.title) ")" } "."
            }
        }
    };
    pages::Page::new(imgis, title).html(body)
}

/// The map at the place of the question.
fn map(answer: &Answer) -> Option<String> {
    let [west, south, east, north] = answer.bbox?;
    let (lng, lat) = ((west + east) / 2.0, (south + north) / 2.0);
    let wide = (east - west).max((north - south) * 2.0).max(1e-4);
    // About three tiles of 512 beside each other.
    let zoom = (360.0 * 2.0 / wide).log2().clamp(8.0, 18.0);
    Some(format!("/?at={zoom:.2}/{lat:.5}/{lng:.5}"))
}

fn told(fact: &Fact) -> String {
    let digits = if fact.name == "difference_m2" { 6 } else { 2 };
    let value = match &fact.value {
        Value::Number(value) => number(*value, digits),
        Value::Integer(value) => number(*value as f64, 0),
        Value::Text(text) => text.clone(),
        other => other.to_json().to_string(),
    };
    match fact.unit {
        Some(unit) => format!("{value} {}", unit.replace('m', "м")),
        None => value,
    }
}

fn table(answer: &Answer) -> Markup {
    // The words of a class stand for its code, and for the kind of the row.
    let shown: Vec<(usize, &Column)> = (answer.sheet.columns.iter().enumerate())
        .filter(|(at, column)| {
            *at >= answer.own || !["row", "class"].contains(&column.name.as_str())
        })
        .collect();
    html! {
        div.table {
            table {
                thead { tr {
                    @for (_, column) in &shown {
                        th.number[is_number(column)] scope="col" {
                            (word(&column.label))
                            @match column.unit.as_deref() {
                                Some(unit) => { ", " (unit.replace('m', "м")) },
                                None => { @if column.name == "share" { ", %" } },
                            }
                        }
                    }
                } }
                tbody {
                    @for record in &answer.records {
                        tr {
                            @for (at, column) in &shown {
                                td.number[is_number(column)] { (cell(column, &record.values[*at])) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn is_number(column: &Column) -> bool {
    matches!(column.kind, PropertyType::Integer | PropertyType::Number)
}

fn cell(column: &Column, value: &Value) -> String {
    match value {
        Value::Null if column.name == "label" => "без значения".into(),
        Value::Null => String::new(),
        Value::Number(share) if column.name == "share" => number(share * 100.0, 2),
        Value::Number(value) => number(*value, 2),
        Value::Integer(value) => value.to_string(),
        Value::Text(text) => text.clone(),
        Value::Boolean(yes) => if *yes { "да" } else { "нет" }.into(),
        Value::Date(day) => pages::date(&day.to_string()),
        Value::List(list) => list.join(", "),
    }
}

/// The page of saved questions.
pub fn list(imgis: &App, list: &[Saved]) -> Html<String> {
    let body = html! {
        h1 { "Сохранённые вопросы" }
        @if list.is_empty() { p.muted { "Пока ничего не сохранено." } }
        ul {
            @for saved in list {
                li {
                    a href={ "/questions/" (saved.slug) } { (saved.name) }
                    " "
                    span.muted {
                        (saved.at.to_zoned(imgis.city.zone()).strftime("%d.%m.%Y").to_string())
                    }
                }
            }
        }
    };
    pages::Page::new(imgis, "Сохранённые вопросы").html(body)
}
