//! JSON Schemas of a layer for people: what a feature is, what may be asked of it, how pages are sorted.

use axum::response::Html;
use maud::{Markup, html};
use serde_json::Value;

use super::words::{unit, word};
use super::{App, Page};
use crate::layer::Layer;

/// `which`: the last part of the address, `queryables`, `schema` or `sortables`; `body`: its document.
pub fn page(imgis: &App, layer: &Layer, which: &str, body: &Value) -> Html<String> {
    let (name, lead) = match which {
        "queryables" => ("Условия отбора", "По этим свойствам объекты слоя отбираются."),
        "sortables" => ("Порядок", "По этим свойствам страницы слоя сортируются."),
        _ => ("Схема", "Из этих свойств состоит объект слоя."),
    };
    let title = format!("{name}: {}", word(&layer.title));
    let here = format!("/collections/{}", layer.id);
    let empty = serde_json::Map::new();
    let properties = body["properties"].as_object().unwrap_or(&empty);
    let markup = html! {
        h1 { (title) }
        p.lead { (lead) }
        section {
            h2 { "Свойства" }
            div.table tabindex="0" role="region" aria-label="Свойства" { table {
                thead { tr {
                    th scope="col" { "Свойство" } th scope="col" { "Имя" } th scope="col" { "Вид" }
                    th scope="col" { "Значения" }
                } }
                tbody { @for (name, schema) in properties { (row(body, layer, name, schema)) } }
            } }
        }
        @if which == "queryables" { (examples(layer, properties)) }
    };
    Page::new(imgis, &title)
        .under("/collections", "Слои")
        .under(here.as_str(), word(&layer.title))
        .called(name)
        .also("application/schema+json", format!("{here}/{which}?f=json"), "JSON Schema")
        .html(markup)
}

fn row(body: &Value, layer: &Layer, name: &str, schema: &Value) -> Markup {
    let required = body["required"].as_array().into_iter().flatten().any(|one| one == name);
    let codes = schema["x-imgis-codes"].as_array();
    let russian = schema["x-imgis-title-ru"].as_str();
    let title = russian.map_or_else(|| super::asked::called(layer, name), str::to_string);
    let measure = schema["x-ogc-unit"].as_str();
    html! {
        tr {
            th scope="row" { (title) @if required { " " span.badge { "обязательно" } } }
            td.nowrap { code { (name) } }
            td.nowrap { (kind(schema)) @if let Some(name) = measure { ", " (unit(name)) } }
            td { @for (at, code) in codes.into_iter().flatten().enumerate() {
                @if at > 0 { ", " }
                (code["title_ru"].as_str().or(code["title"].as_str()).unwrap_or_default())
                " " code { (code["const"].as_str().unwrap_or_default()) }
            } }
        }
    }
}

fn kind(schema: &Value) -> &str {
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (_, Some("date")) => "дата",
        (_, Some("date-time")) => "время",
        (_, Some(format)) if format.starts_with("geometry") => "границы",
        (Some("integer"), _) => "целое число",
        (Some("number"), _) => "число",
        (Some("boolean"), _) => "да или нет",
        (Some("array"), _) => "список",
        (Some("string"), _) => "текст",
        (Some(other), _) => other,
        (None, _) => "",
    }
}

/// How the first property with codes is asked for.
fn examples(layer: &Layer, properties: &serde_json::Map<String, Value>) -> Markup {
    let coded = properties
        .iter()
        .find_map(|(name, schema)| Some((name, schema["x-imgis-codes"][0]["const"].as_str()?)));
    html! {
        @if let Some((name, code)) = coded {
            @let items = format!("/collections/{}/items", layer.id);
            section {
                h2 { "Пример" }
                p { a href={ (items) "?" (name) "=" (code) } { code { (items) "?" (name) "=" (code) } } }
                p { "Сложные условия пишутся на языке CQL2 в параметре " code { "filter" } ": "
                    code { "filter=" (name) " = '" (code) "'" } "." }
            }
        }
    }
}
