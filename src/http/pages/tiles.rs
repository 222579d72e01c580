//! Tile sets and their grid for people, from the same documents that programs get.

use axum::response::Html;
use maud::{Markup, html};
use serde_json::Value;

use super::words::{number, word};
use super::{App, Page};
use crate::layer::Layer;

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value[name].as_array().into_iter().flatten()
}

/// The grids.
pub fn grids(imgis: &App, body: &Value) -> Html<String> {
    let body = html! {
        h1 { "Сетки тайлов" }
        p.lead { "Как плоскость карты поделена на тайлы." }
        section {
            h2 { "Сетки" }
            div.table { table {
                thead { tr { th scope="col" { "Сетка" } th scope="col" { "Система координат" } } }
                tbody { @for grid in list(body, "tileMatrixSets") {
                    tr {
                        th scope="row" {
                            a href={ "/tileMatrixSets/" (text(grid, "id")) } { (text(grid, "id")) }
                        }
                        td { code { (text(grid, "crs")) } }
                    }
                } }
            } }
        }
    };
    Page::new(imgis, "Сетки тайлов")
        .also("application/json", "/tileMatrixSets?f=json", "JSON")
        .html(body)
}

/// One grid: its matrices.
pub fn grid(imgis: &App, body: &Value) -> Html<String> {
    let id = text(body, "id");
    let heading = format!("Сетка {id}");
    let whole = |value: &Value| number(value.as_f64().unwrap_or_default(), 0);
    let body = html! {
        h1 { (heading) }
        p.lead { "Квадраты проекции Меркатора, в каждом масштабе вдвое мельче." }
        section {
            h2 { "Матрицы" }
            div.table { table {
                thead { tr {
                    th.number scope="col" { "Масштаб карты" } th.number scope="col" { "Знаменатель" }
                    th.number scope="col" { "Метров в точке" } th.number scope="col" { "Тайлов в ряду" }
                } }
                tbody { @for matrix in list(body, "tileMatrices") {
                    tr {
                        th.number scope="row" { (text(matrix, "id")) }
                        td.number { "1 : " (whole(&matrix["scaleDenominator"])) }
                        td.number { (number(matrix["cellSize"].as_f64().unwrap_or_default(), 3)) }
                        td.number { (whole(&matrix["matrixWidth"])) }
                    }
                } }
            } }
        }
    };
    Page::new(imgis, &heading)
        .under("/tileMatrixSets", "Сетки тайлов")
        .called(id)
        .also("application/json", format!("/tileMatrixSets/{id}?f=json"), "JSON")
        .html(body)
}

/// Where tile sets stand: under a layer, or of the whole city.
fn begun<'a>(imgis: &'a App, title: &'a str, layer: Option<&Layer>) -> Page<'a> {
    match layer {
        Some(layer) => Page::new(imgis, title)
            .under("/collections", "Слои")
            .under(format!("/collections/{}", layer.id), word(&layer.title)),
        None => Page::new(imgis, title),
    }
}

fn root(layer: Option<&Layer>) -> String {
    layer.map_or_else(|| "/tiles".into(), |layer| format!("/collections/{}/tiles", layer.id))
}

fn named(imgis: &App, layer: Option<&Layer>) -> String {
    match layer {
        Some(layer) => format!("Тайлы: {}", word(&layer.title)),
        None => format!("Тайлы: {}, все слои", word(&imgis.city.title)),
    }
}

/// Tile sets of a layer, or of the city.
pub fn sets(imgis: &App, layer: Option<&Layer>, body: &Value) -> Html<String> {
    let (title, here) = (named(imgis, layer), root(layer));
    let body = html! {
        h1 { (title) }
        p.lead { "Наборы векторных тайлов, по набору на сетку." }
        section {
            h2 { "Наборы" }
            div.table { table {
                thead { tr { th scope="col" { "Сетка" } th scope="col" { "Система координат" } } }
                tbody { @for set in list(body, "tilesets") {
                    @let grid = text(set, "tileMatrixSetURI").rsplit('/').next().unwrap_or_default();
                    tr {
                        th scope="row" { a href={ (here) "/" (grid) } { (grid) } }
                        td { code { (text(set, "crs")) } }
                    }
                } }
            } }
        }
    };
    begun(imgis, &title, layer)
        .called("Тайлы")
        .also("application/json", format!("{here}?f=json"), "JSON")
        .html(body)
}

/// One tile set.
pub fn set(imgis: &App, layer: Option<&Layer>, asked: &str, body: &Value) -> Html<String> {
    let (title, root) = (named(imgis, layer), root(layer));
    let grid = text(body, "tileMatrixSetURI").rsplit('/').next().unwrap_or_default();
    let here = format!("{root}/{grid}");
    let template = list(body, "links").find(|link| text(link, "rel") == "item");
    let zooms: Vec<&str> =
        list(body, "tileMatrixSetLimits").map(|m| text(m, "tileMatrix")).collect();
    let media: Vec<&str> = list(body, "mediaTypes").filter_map(Value::as_str).collect();
    let corner = |name: &str| {
        let at = &body["boundingBox"][name];
        format!("{:.4}, {:.4}", at[1].as_f64().unwrap_or(0.0), at[0].as_f64().unwrap_or(0.0))
    };
    let markup = html! {
        h1 { (title) }
        section {
            h2 { "О наборе" }
            dl {
                @if let Some(template) = template {
                    div { dt { "Адрес тайла" } dd { code { (text(template, "href")) } } }
                }
                div { dt { "Формат" } dd { (media.join(", ")) } }
                div { dt { "Сетка" } dd { a href={ "/tileMatrixSets/" (grid) } { (grid) } } }
                @if let (Some(first), Some(last)) = (zooms.first(), zooms.last()) {
                    div { dt { "Масштабы" } dd { (first) "–" (last) } }
                }
                div { dt { "Охват, широта и долгота" }
                      dd { "от " (corner("lowerLeft")) " до " (corner("upperRight")) } }
            }
        }
        section { h2 { "Слои в тайлах" } (layers(imgis, body)) }
    };
    let json = match asked.is_empty() {
        true => format!("{here}?f=json"),
        false => format!("{here}{asked}&f=json"),
    };
    begun(imgis, &title, layer)
        .under(root, "Тайлы")
        .called(grid)
        .also("application/json", json, "JSON")
        .html(markup)
}

fn layers(imgis: &App, body: &Value) -> Markup {
    html! {
        div.table tabindex="0" role="region" aria-label="Слои в тайлах" { table {
            thead { tr {
                th scope="col" { "Слой" } th scope="col" { "Имя" } th scope="col" { "Масштабы" }
                th scope="col" { "Свойства" }
            } }
            tbody { @for one in list(body, "layers") {
                @let id = text(one, "id");
                @let layer = imgis.catalogue.layer(id);
                @let names = one["propertiesSchema"]["properties"].as_object();
                tr {
                    th scope="row" {
                        a href={ "/collections/" (id) } {
                            (layer.map_or(id, |layer| word(&layer.title)))
                        }
                    }
                    td { code { (id) } }
                    td.nowrap { (text(one, "minTileMatrix")) "–" (text(one, "maxTileMatrix")) }
                    td { @for (at, name) in names.into_iter().flat_map(|n| n.keys()).enumerate() {
                        @if at > 0 { ", " }
                        code { (name) }
                    } }
                }
            } }
        } }
    }
}
