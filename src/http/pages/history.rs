//! The history of a feature for people: every version, what changed in it.

use axum::response::Html;
use maud::{Markup, html};
use serde_json::Value;

use super::asked::called;
use super::words::{area, moment, shown, word};
use super::{App, Page};
use crate::layer::Layer;

/// The page of a history, from the document that programs get.
pub fn page(imgis: &App, layer: &Layer, fid: i64, body: &Value) -> Html<String> {
    let items = format!("/collections/{}/items", layer.id);
    let item = format!("{items}/{fid}");
    let title = format!("История: {}, № {fid}", word(&layer.title));
    let entries = body["entries"].as_array().map_or(&[][..], Vec::as_slice);
    let gone = entries.first().is_some_and(|entry| entry["operation"] == "delete");
    let links = body["links"].as_array().into_iter().flatten();
    let next = links.clone().find(|link| link["rel"] == "next");
    let next = next.and_then(|link| link["href"].as_str()?.split_once('?')).map(|(_, query)| query);
    let markup = html! {
        h1 { "История изменений" }
        p.lead { (word(&layer.title)) ", № " (fid) ". Новое сверху." }
        @if !gone { p.actions { a href=(item) { "Нынешнее состояние" } } }
        @if entries.is_empty() {
            section { p.muted { "Записей об изменениях нет." } }
        }
        @for entry in entries { (told(imgis, layer, &item, entry)) }
        @if let Some(query) = next {
            nav.steps aria-label="Страницы" {
                a.next href={ (item) "/history?" (query) } rel="next" { "Раньше →" }
            }
        }
    };
    let mut page = Page::new(imgis, &title)
        .under("/collections", "Слои")
        .under(format!("/collections/{}", layer.id), word(&layer.title))
        .under(items, "Объекты");
    if !gone {
        page = page.under(item.as_str(), format!("№ {fid}"));
    }
    page.called("История")
        .also("application/json", format!("{item}/history?f=json"), "JSON")
        .html(markup)
}

fn told(imgis: &App, layer: &Layer, item: &str, entry: &Value) -> Markup {
    let act = match entry["operation"].as_str().unwrap_or_default() {
        "insert" | "create" => "Внесён",
        "delete" => "Удалён",
        _ => "Изменён",
    };
    let from = entry["valid_from"].as_str().unwrap_or_default();
    let at = from.parse::<jiff::Timestamp>().map(|at| moment(at, &imgis.city.zone()));
    let at = at.unwrap_or_else(|_| from.to_string());
    let changes = entry["changes"].as_object().filter(|changes| !changes.is_empty());
    let sizes = [&entry["area_m2"]["from"], &entry["area_m2"]["to"]].map(Value::as_f64);
    let moved = entry["geometry_changed"] == true;
    let first = act == "Внесён";
    html! {
        section {
            h2 { (act) " " (at) }
            @if let Some(actor) = entry["actor"].as_str() { p { "Кто: " (actor) } }
            @if let Some(comment) = entry["comment"].as_str() { p { "Пояснение: " (comment) } }
            @if let Some(list) = kin(entry) {
                p {
                    @if act == "Удалён" { "Земля отошла к: " } @else { "Образован из: " }
                    @for (at, id) in list.iter().enumerate() {
                        @if at > 0 { ", " }
                        a href={ (item.rsplit_once('/').map_or("", |(items, _)| items)) "/" (id) } {
                            "№ " (id)
                        }
                    }
                }
            }
            @if changes.is_some() || moved {
                div.table { table {
                    thead { tr {
                        th scope="col" { "Что" }
                        @if !first { th scope="col" { "Было" } }
                        th scope="col" { @if first { "Значение" } @else { "Стало" } }
                    } }
                    tbody {
                        @for (name, change) in changes.into_iter().flatten() {
                            tr {
                                th scope="row" { (called(layer, name)) }
                                @if !first { td { (value(layer, name, &change["from"])) } }
                                td { (value(layer, name, &change["to"])) }
                            }
                        }
                        @if moved {
                            tr {
                                th scope="row" { "Границы" }
                                @for size in sizes.iter().skip(usize::from(first)) {
                                    td { @match size { Some(m2) => (area(*m2)), None => "—" } }
                                }
                            }
                        }
                    }
                } }
            }
            @if act != "Удалён" {
                p.after { a href={ (item) "?datetime=" (super::super::link::encode(from)) } {
                    "Состояние после этого"
                } }
            }
        }
    }
}

/// Features whose land it got, or that got its land.
fn kin(entry: &Value) -> Option<Vec<String>> {
    let lineage = entry["lineage"].as_object()?;
    let ids = lineage.values().filter_map(Value::as_array).flatten().map(Value::to_string);
    Some(ids.collect())
}

fn value(layer: &Layer, name: &str, value: &Value) -> Markup {
    html! {
        @match (value, layer.property(name)) {
            (Value::Null, _) => "—",
            (value, Some(property)) => (shown(property, value)),
            (value, None) => (value.to_string()),
        }
    }
}
