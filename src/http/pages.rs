//! Server-rendered pages: readable without JavaScript, good on paper.

use axum::response::Html;
use maud::{DOCTYPE, Markup, html};
use serde_json::Value;

use super::App;
use crate::application;
use crate::layer::{Property, PropertyType};

/// A text in the pages' language.
pub fn word(words: &crate::config::Words) -> &str {
    words.get("ru").or_else(|| words.get("en")).map_or("", String::as_str)
}

/// A page of the house: head, bar, body.
pub fn page(imgis: &App, title: &str, body: Markup) -> Html<String> {
    let city = word(&imgis.city.title);
    let text = html! {
        (DOCTYPE)
        html lang="ru" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " — ИМГИС " (city) }
                link rel="stylesheet" href="/page.css";
                link rel="icon" href="/favicon.svg" type="image/svg+xml";
            }
            body.page {
                header.bar { a href="/" { "ИМГИС · " (city) } }
                main { (body) }
            }
        }
    };
    Html(text.into_string())
}

/// A refusal for a person.
pub fn refusal(imgis: &App, status: axum::http::StatusCode, told: &super::problem::Told) -> String {
    let title = match status.as_u16() {
        400 => "Запрос не понят",
        403 => "Нет прав",
        404 => "Не найдено",
        503 => "Сервер занят",
        500.. => "Ошибка сервера",
        _ => told.title,
    };
    let detail = told.detail.as_str().unwrap_or_default();
    let body = html! {
        h1 { (title) }
        p.muted lang="en" { (detail) }
        p.actions { a href="/" { "На карту" } }
    };
    page(imgis, title, body).0
}

/// The landing page for people.
pub fn landing(imgis: &App) -> Html<String> {
    page(
        imgis,
        "Данные и сервисы",
        html! {
            h1 { "Данные и сервисы" }
            p { "Слои города, векторные тайлы и запросы объектов по стандартам OGC." }
            section {
                h2 { "С чего начать" }
                ul {
                    li { a href="/" { "Карта" } }
                    li { a href="/collections" { "Слои (OGC API Features)" } }
                    li { a href="/conformance" { "Классы соответствия" } }
                    li { a href="/api" { "Описание API (OpenAPI 3.0)" } }
                    li { a href="/styles" { "Стили карты (MapLibre)" } }
                }
            }
        },
    )
}

/// A number as Russian readers write it.
pub fn number(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = String::new();
    for (at, c) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 && c != '-' {
            grouped.push('\u{a0}');
        }
        grouped.push(c);
    }
    let rest = rest.trim_end_matches('0');
    if rest.is_empty() { grouped } else { format!("{grouped},{rest}") }
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

/// A value in the words of the layer file.
pub fn shown(property: &Property, value: &Value) -> String {
    let known = |code: &str| {
        let values = property.values.iter().flatten();
        values.clone().find(|known| known.code == code).map(|known| known.ru.clone())
    };
    let text = match value {
        Value::Null => return "нет сведений".into(),
        Value::String(text) if property.kind == PropertyType::Date => date(text),
        Value::String(text) => known(text).unwrap_or_else(|| text.clone()),
        Value::Number(n) if property.name != "year" => number(n.as_f64().unwrap_or_default(), 2),
        Value::Array(list) => {
            let words: Vec<String> = list
                .iter()
                .filter_map(Value::as_str)
                .map(|code| known(code).unwrap_or_else(|| code.to_string()))
                .collect();
            words.join(", ")
        }
        Value::Bool(yes) => if *yes { "да" } else { "нет" }.into(),
        other => other.to_string(),
    };
    match property.unit.as_deref() {
        Some("m²") => format!("{text} м²"),
        Some("m") => format!("{text} м"),
        Some("RUB" | "₽") => format!("{text} ₽"),
        Some(unit) => format!("{text} {unit}"),
        None => text,
    }
}

/// Title of the service and word of the status of an application.
fn named(imgis: &App, one: &Value) -> (String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let service = imgis.office.services.get(one["service"].as_str().unwrap_or_default());
    let service = service.map_or(text(&one["service"]), |service| word(&service.title).into());
    let status = application::site_layer(&imgis.catalogue)
        .and_then(|layer| layer.property("status"))
        .map_or(text(&one["status"]), |property| shown(property, &one["status"]));
    (service, status)
}

/// Applications, one a row.
pub fn applications_table(imgis: &App, applications: &[Value]) -> Markup {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    html! {
        div.table {
            table {
                thead { tr {
                    th scope="col" { "Номер" } th scope="col" { "Услуга" }
                    th scope="col" { "Статус" } th scope="col" { "Поступило" }
                    th scope="col" { "Срок" }
                } }
                tbody {
                    @for one in applications {
                        @let number = text(&one["number"]);
                        @let (service, status) = named(imgis, one);
                        tr {
                            th scope="row" { a href={ "/applications/" (number) } { (number) } }
                            td { (service) }
                            td { span.badge { (status) } }
                            td { (date(&text(&one["received_on"]))) }
                            td { (date(&text(&one["due_on"]))) }
                        }
                    }
                }
            }
        }
    }
}

/// One application for staff.
pub fn application(imgis: &App, one: &Value) -> Html<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let number_text = text(&one["number"]);
    let (service, status) = named(imgis, one);
    let due = one["due_on"].as_str().map_or("не определён".to_string(), date);
    let links = one["links"].as_array().cloned().unwrap_or_default();
    let body = html! {
        h1 { "Заявление " (number_text) }
        p.actions { a href={ "/?q=" (number_text) } { "Показать на карте" } }
        section {
            h2 { "Сведения" }
            dl {
                div { dt { "Услуга" } dd { (service) } }
                div { dt { "Статус" } dd { span.badge { (status) } } }
                div { dt { "Заявитель" } dd { (text(&one["applicant"]["name"])) } }
                @if let Some(subject) = one["subject"].as_str() {
                    div { dt { "Предмет" } dd { (subject) } }
                }
                div { dt { "Поступило" } dd { (date(&text(&one["received_on"]))) } }
                div { dt { "Контрольный срок" } dd { (due) } }
                div { dt { "Площадь" } dd {
                    (area(one["site"]["area_m2"].as_f64().unwrap_or_default()))
                } }
            }
        }
        section {
            h2 { "Связи с объектами" }
            div.table { table {
                thead { tr {
                    th scope="col" { "Слой" } th scope="col" { "Объект" }
                    th.number scope="col" { "Площадь" } th.number scope="col" { "Доля" }
                } }
                tbody {
                    @for link in &links {
                        @let id = text(&link["layer"]);
                        @let layer = imgis.catalogue.layer(&id);
                        tr {
                            td { (layer.map_or(id.clone(), |layer| word(&layer.title).into())) }
                            th scope="row" { (link["title"].as_str().unwrap_or("—")) }
                            td.number {
                                @if let Some(m2) = link["overlap_m2"].as_f64() { (area(m2)) }
                            }
                            td.number {
                                @if let Some(share) = link["share"].as_f64() {
                                    (number(share * 100.0, 1)) "\u{a0}%"
                                }
                            }
                        }
                    }
                }
            } }
        }
    };
    page(imgis, &format!("Заявление {number_text}"), body)
}
