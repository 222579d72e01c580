//! The dossier of a parcel: what it is, the zones and rules on it, buildings, applications.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::App;
use super::door::{Path, Query};
use super::pages::{Page, applications_table, area, number, shown, title, word};
use crate::access::Caller;
use crate::application;
use crate::error::{Error, Result};
use crate::feature::found::sql;
use crate::geometry::CadastralNumber;
use crate::layer::{Layer, Linkable, Property, PropertyType};

/// Features of one layer that a dossier lists.
const DOSSIER_FEATURES: i64 = 50;

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
    let html = query.json_or_html(&headers)? == "html";
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
            let page = Page::new(&imgis, "Участок не найден").html(body);
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
        let body =
            dossier_page(&imgis, parcels, &readable, &parcel, &groups, applications.as_deref());
        let title = format!("Участок {parsed}");
        let layer = format!("/collections/{}", parcels.id);
        let page = Page::new(&imgis, &title)
            .under("/collections", "Слои")
            .under(layer, word(&parcels.title))
            .called(parsed.as_str())
            .also("application/json", format!("/parcels/{parsed}?f=json"), "JSON");
        return Ok(page.html(body).into_response());
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
    imgis: &App,
    layer: &Layer,
    readable: &[&Property],
    parcel: &sql::Found,
    groups: &[Group<'_>],
    applications: Option<&[Value]>,
) -> Markup {
    let properties = parse(&parcel.properties);
    let area_m2 = properties["area_m2"].as_f64().unwrap_or_default();
    let map = parcel
        .center
        .map(|[lng, lat]| format!("/?at=17.00/{lat:.5}/{lng:.5}&f={}.{}", layer.id, parcel.title));
    let (empty, full): (Vec<_>, Vec<_>) = groups.iter().partition(|group| group.rows.is_empty());
    html! {
        h1 { "Земельный участок " span.nowrap { (parcel.title) } }
        @if let Some(map) = map {
            p.actions {
                a href=(map) { "Показать на карте" }
                a href={ "/collections/" (layer.id) "/items/" (parcel.id) } { "Сведения и план" }
            }
        } @else {
            p.muted { "Границы участка не внесены: на карте его нет." }
        }
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
                    (applications_table(imgis, applications))
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
                                th scope="row" { (title(group.layer, &found.title)) }
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
