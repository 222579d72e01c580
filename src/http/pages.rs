//! Server-rendered pages: readable without JavaScript, good on paper.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};
use serde_json::{Value, json};

use super::App;
use super::door::{Query, wants_html};
use crate::access::Caller;
use crate::application;
use crate::error::{Error, Result};
use crate::feature::sql;
use crate::geometry::CadastralNumber;
use crate::layer::{Layer, Linkable, Property, PropertyType};

/// Features of one layer that a dossier lists.
const DOSSIER_FEATURES: i64 = 50;

fn word(words: &crate::config::Words) -> &str {
    words.get("ru").or_else(|| words.get("en")).map_or("", String::as_str)
}

fn page(imgis: &App, title: &str, body: Markup) -> Html<String> {
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

fn number(value: f64, digits: usize) -> String {
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

fn area(m2: f64) -> String {
    if m2 < 10_000.0 {
        format!("{} м²", number(m2, 1))
    } else {
        format!("{} га", number(m2 / 10_000.0, 2))
    }
}

fn date(text: &str) -> String {
    let parts: Vec<&str> = text.split('-').collect();
    match parts[..] {
        [year, month, day] => format!("{day}.{month}.{year}"),
        _ => text.to_string(),
    }
}

/// A value in the words of the layer file.
fn shown(property: &Property, value: &Value) -> String {
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

struct Group<'a> {
    layer: &'a Layer,
    properties: Vec<&'a Property>,
    rows: Vec<(sql::Found, f64, f64)>,
}

/// The dossier of a parcel: what it is, the zones and rules on it, buildings, applications.
///
/// # Errors
/// 404 unknown number; 400 not a number at all.
pub async fn dossier(
    State(imgis): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Path(text): Path<String>,
    query: Query,
) -> Result<Response> {
    let [f] = query.only(["f"])?;
    let html = wants_html(&headers, f.as_deref())?;
    let parsed = CadastralNumber::parse(&text, &imgis.city.cadastral_number)
        .ok_or_else(|| Error::parameter("cadastral_number", format!("{text:?} is none")))?;
    let parcels = imgis
        .catalogue
        .readable(&caller)
        .find(|layer| layer.linkable == Some(Linkable::Subject))
        .ok_or_else(|| Error::not_found("layer", "parcel"))?;
    let readable = parcels.readable(&caller);
    let key = readable
        .iter()
        .find(|property| property.kind == PropertyType::CadastralNumber)
        .ok_or_else(|| Error::not_found("parcel", &parsed))?;
    let client = imgis.db.client().await?;
    let found = sql::by_key(&client, parcels, &readable, key, parsed.as_str()).await?;
    let Some(parcel) = found else {
        if html {
            let body = html! {
                h1 { "Участок не найден" }
                p { "Участка с номером " strong { (parsed) } " в базе города нет." }
                p.actions { a href={ "/?q=" (parsed) } { "Искать на карте" } }
            };
            let page = page(&imgis, "Участок не найден", body);
            return Ok((axum::http::StatusCode::NOT_FOUND, page).into_response());
        }
        return Err(Error::not_found("parcel", &parsed));
    };
    let mut groups = Vec::new();
    for layer in imgis.catalogue.readable(&caller) {
        if layer.linkable != Some(Linkable::Affected) {
            continue;
        }
        let properties = layer.readable(&caller);
        let rows =
            sql::overlapping(&client, layer, &properties, parcels, parcel.id, DOSSIER_FEATURES)
                .await?;
        groups.push(Group { layer, properties, rows });
    }
    let applications = match application::may_see(&caller) {
        Ok(()) => {
            let on = Some((parcels.id.as_str(), parcel.id));
            Some(application::sql::newest(&client, 50, on).await?)
        }
        Err(_) => None,
    };
    if html {
        let body = dossier_page(parcels, &readable, &parcel, &groups, applications.as_deref());
        let title = format!("Участок {parsed}");
        return Ok(page(&imgis, &title, body).into_response());
    }
    let overlaps: Vec<Value> = groups.iter().flat_map(overlap_json).collect();
    let body = json!({
        "cadastral_number": parsed.as_str(), "id": parcel.id, "center": parcel.center,
        "bbox": parcel.bbox, "properties": parse(&parcel.properties),
        "geometry": parcel.geometry.as_deref().map(parse), "overlaps": overlaps,
        "applications": applications,
    });
    Ok(super::json(&body, "application/json"))
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

fn overlap_json(group: &Group<'_>) -> Vec<Value> {
    let one = |(found, m2, share): &(sql::Found, f64, f64)| {
        json!({
            "layer": group.layer.id, "id": found.id, "title": found.title, "overlap_m2": m2,
            "share": share, "properties": parse(&found.properties),
        })
    };
    group.rows.iter().map(one).collect()
}

fn dossier_page(
    layer: &Layer,
    readable: &[&Property],
    parcel: &sql::Found,
    groups: &[Group<'_>],
    applications: Option<&[Value]>,
) -> Markup {
    let properties = parse(&parcel.properties);
    let area_m2 = properties["area_m2"].as_f64().unwrap_or_default();
    let [lng, lat] = parcel.center;
    let map = format!("/?at=17.00/{lat:.5}/{lng:.5}&f={}.{}", layer.id, parcel.title);
    let (empty, full): (Vec<_>, Vec<_>) = groups.iter().partition(|group| group.rows.is_empty());
    html! {
        h1 { "Земельный участок " span.nowrap { (parcel.title) } }
        p.actions { a href=(map) { "Показать на карте" } }
        section {
            h2 { "Сведения" }
            dl {
                div { dt { "Площадь по границе" } dd { (area(area_m2)) } }
                @for property in readable {
                    @let value = &properties[&property.name];
                    div {
                        dt { (word(&property.label)) }
                        @if value.is_null() {
                            dd.muted { "нет сведений" }
                        } @else {
                            dd { (shown(property, value)) }
                        }
                    }
                }
            }
        }
        @for group in &full { (group_table(group)) }
        @if !empty.is_empty() {
            section {
                h2 { "Не затрагивают участок" }
                p.muted {
                    @for (at, group) in empty.iter().enumerate() {
                        @if at > 0 { " · " }
                        (word(&group.layer.title))
                    }
                }
            }
        }
        @if let Some(applications) = applications {
            section {
                h2 { "Заявления" }
                @if applications.is_empty() {
                    p.muted { "По участку заявлений нет." }
                } @else {
                    (applications_table(applications))
                }
            }
        }
        p.muted { "Сведения информационной системы города; не является выпиской из ЕГРН." }
    }
}

fn group_table(group: &Group<'_>) -> Markup {
    let areas = group.layer.has_area();
    html! {
        section {
            h2 { (word(&group.layer.title)) }
            div.table {
                table {
                    thead {
                        tr {
                            th scope="col" { "Объект" }
                            th scope="col" { "Сведения" }
                            @if areas {
                                th.number scope="col" { "На участке" }
                                th.number scope="col" { "Доля" }
                            }
                        }
                    }
                    tbody {
                        @for (found, m2, share) in &group.rows {
                            @let properties = parse(&found.properties);
                            tr {
                                th scope="row" { (found.title) }
                                td { (facts(group, &properties)) }
                                @if areas {
                                    td.number { (area(*m2)) }
                                    td.number { (number(share * 100.0, 1)) "\u{a0}%" }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn facts(group: &Group<'_>, properties: &Value) -> String {
    let facts: Vec<String> = group
        .properties
        .iter()
        .filter(|property| Some(&property.name) != group.layer.title_property.as_ref())
        .filter(|property| !properties[&property.name].is_null())
        .filter(|property| property.kind != PropertyType::TextArray)
        .take(6)
        .map(|property| {
            format!("{}: {}", word(&property.label), shown(property, &properties[&property.name]))
        })
        .collect();
    facts.join("; ")
}

fn applications_table(applications: &[Value]) -> Markup {
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
                        tr {
                            th scope="row" { a href={ "/applications/" (number) } { (number) } }
                            td { (text(&one["service"])) }
                            td { span.badge { (text(&one["status"])) } }
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
    let service = imgis.office.services.get(one["service"].as_str().unwrap_or_default());
    let service = service.map_or(text(&one["service"]), |service| word(&service.title).into());
    let status = application::site_layer(&imgis.catalogue)
        .and_then(|layer| layer.property("status"))
        .map_or(text(&one["status"]), |property| shown(property, &one["status"]));
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
