//! Layers for people: all of them by theme, one with its facts.

use axum::response::Html;
use maud::{Markup, html};

use super::form::form;
use super::items::{PLAN_M, formats, map_link};
use super::little_map::{self, Sheet as Drawn};
use super::words::{FEATURES, count, date, geometry, kind, unit, word};
use super::{App, Page};
use crate::access::Caller;
use crate::config::limit;
use crate::error::Result;
use crate::feature::{Asker, Outline, around};
use crate::geometry::{Crs, Projector};
use crate::layer::{Layer, Property};

/// Features of a layer up to which its plan shows each.
const FEW: usize = 300;

/// Every layer that the caller may read, by theme.
pub fn list(imgis: &App, caller: &Caller) -> Html<String> {
    let all = imgis.catalogue.readable(caller).count();
    let body = html! {
        h1 { "Слои" }
        p.lead {
            (count(all, ["слой", "слоя", "слоёв"])) " города, по темам. Каждый открывается таблицей, \
             на карте и файлом."
        }
        (themes(imgis, caller))
    };
    let page = Page::new(imgis, "Слои").also("application/json", "/collections?f=json", "JSON");
    page.html(body)
}

/// Tables of layers, a theme each.
pub fn themes(imgis: &App, caller: &Caller) -> Markup {
    html! {
        @for group in &imgis.catalogue.groups {
            @let layers: Vec<_> =
                imgis.catalogue.readable(caller).filter(|one| one.group == group.id).collect();
            @if !layers.is_empty() {
                section {
                    h2 id=(group.id) { (word(&group.title)) }
                    div.table { table.layers {
                        thead { tr {
                            th scope="col" { "Слой" } th scope="col" { "Ведёт" }
                            th scope="col" { "Вид" } th.number scope="col" { "Объектов" }
                        } }
                        tbody { @for layer in layers { (row(imgis, layer)) } }
                    } }
                }
            }
        }
    }
}

fn row(imgis: &App, layer: &Layer) -> Markup {
    let here = format!("/collections/{}", layer.id);
    let division = imgis.catalogue.division(&layer.division);
    html! {
        tr {
            th scope="row" {
                a href=(here) { (word(&layer.title)) }
                @if let Some(text) = &layer.description { span.muted { (word(text)) } }
            }
            td { @if let Some(division) = division { (word(&division.title)) } }
            td { (geometry(layer.geometry)) }
            td.number {
                a href={ (here) "/items" } {
                    (super::number(imgis.tiles.count(&layer.id) as f64, 0))
                }
            }
        }
    }
}

/// One layer: facts, where it lies, formats, a form for its features, what is known of each.
///
/// # Errors
/// As any statement.
pub async fn one(imgis: &App, caller: &Caller, base: &str, layer: &Layer) -> Result<Html<String>> {
    let name = word(&layer.title);
    let here = format!("/collections/{}", layer.id);
    let (plan, map) = place(imgis, caller, base, layer).await?;
    let body = html! {
        h1 { (name) }
        @if let Some(text) = &layer.description { p.lead { (word(text)) } }
        p.actions {
            a href={ (here) "/items" } { "Таблица объектов" }
            a href=(map) { "Показать на карте" }
        }
        div.beside {
            section { h2 { "О слое" } (facts(imgis, base, layer)) }
            section { h2 { "Охват" } figure.plan { (plan) } }
        }
        section {
            h2 { "Найти объекты" }
            (form(layer, caller, &[]))
        }
        section {
            h2 { "Сведения об объекте" }
            p { "Так называются свойства в таблицах и так — в запросах и файлах." }
            (properties(&layer.readable(caller), layer.has_area()))
        }
        section { h2 { "Форматы и службы" } (services(layer, base)) }
        section { h2 { "Условные обозначения" } (legend(layer)) }
    };
    let page = Page::new(imgis, name).under("/collections", "Слои").also(
        "application/json",
        format!("{here}?f=json"),
        "JSON",
    );
    Ok(page.html(body))
}

fn facts(imgis: &App, base: &str, layer: &Layer) -> Markup {
    let city = &imgis.city;
    let theme = imgis.catalogue.groups.iter().find(|group| group.id == layer.group);
    let division = imgis.catalogue.division(&layer.division);
    let features = imgis.tiles.count(&layer.id);
    html! {
        dl {
            div { dt { "Объектов" } dd { (count(features, FEATURES)) } }
            div { dt { "Вид" } dd { (geometry(layer.geometry)) } }
            @if let Some(theme) = theme { div { dt { "Тема" } dd { (word(&theme.title)) } } }
            @if let Some(division) = division {
                div { dt { "Ведёт" } dd { (word(&division.title)) } }
            }
            div {
                dt { "Актуальность" }
                dd { @match layer.currency {
                    Some(day) => { "на " (date(&day.to_string())) }
                    None => "по мере внесения изменений",
                } }
            }
            div { dt { "На карте" } dd {
                "масштабы " (layer.zoom.min) "–" (layer.zoom.max)
                @if !layer.visible { "; по умолчанию выключен" }
            } }
            @if let Some([west, south, east, north]) = imgis.tiles.bounds(&layer.id) {
                div { dt { "Широта" } dd { (format!("{south:.4} … {north:.4}")) } }
                div { dt { "Долгота" } dd { (format!("{west:.4} … {east:.4}")) } }
            }
            div {
                dt { "Системы координат" }
                dd {
                    a href={ "/crs/" (city.crs.id) } { (city.crs.title) } " (в ней хранится)"
                    @for crs in Crs::all(city) {
                        @if !matches!(crs, Crs::City(_)) { ", " span title=(crs.uri(base, city)) {
                            (system(crs))
                        } }
                    }
                }
            }
        }
    }
}

fn system(crs: Crs) -> &'static str {
    match crs {
        Crs::Crs84 => "WGS 84 (долгота, широта)",
        Crs::Epsg4326 => "EPSG:4326 (широта, долгота)",
        Crs::Epsg3857 => "EPSG:3857",
        Crs::City(_) => "система города",
    }
}

/// What is known of each feature.
fn properties(readable: &[&Property], area: bool) -> Markup {
    html! {
        div.table tabindex="0" role="region" aria-label="Свойства объекта" { table {
            thead { tr {
                th scope="col" { "Свойство" } th scope="col" { "Имя в запросах" }
                th scope="col" { "Вид" } th scope="col" { "Значения" }
            } }
            tbody {
                @for property in readable {
                    tr {
                        th scope="row" { (word(&property.label)) }
                        td.nowrap { code { (property.name) } }
                        td.nowrap {
                            (kind(property.kind))
                            @if let Some(name) = &property.unit { ", " (unit(name)) }
                        }
                        td { @if let Some(values) = &property.values {
                            @for (at, value) in values.iter().enumerate() {
                                @if at > 0 { ", " }
                                (value.ru) @if value.ru != value.code { " " code { (value.code) } }
                            }
                        } }
                    }
                }
                @if area {
                    tr {
                        th scope="row" { "Площадь по границам" } td { code { "area_m2" } }
                        td.nowrap { "число, м²" } td { "вычисляется" }
                    }
                }
            }
        } }
    }
}

fn services(layer: &Layer, base: &str) -> Markup {
    let here = format!("/collections/{}", layer.id);
    html! {
        div.table { table {
            thead { tr { th scope="col" { "Что" } th scope="col" { "Для чего" } } }
            tbody {
                tr {
                    th scope="row" { @for (at, (f, media, word)) in formats().enumerate() {
                        @if at > 0 { ", " }
                        a href={ (here) "/items?f=" (f) } type=(media) { (word) }
                    } }
                    td { "Объекты слоя файлом" }
                }
                tr {
                    th scope="row" { a href={ (here) "/tiles" } { "Векторные тайлы" } }
                    td { "Карты в браузере и QGIS; "
                         a href={ "/tiles/" (layer.id) ".json" } { "TileJSON" } }
                }
                tr {
                    th scope="row" { "OGC API — Features" }
                    td { "Подключение в QGIS и ArcGIS по адресу " code { (base) "/" } }
                }
                tr {
                    th scope="row" {
                        a href={ (here) "/queryables" } { "Условия" } ", "
                        a href={ (here) "/sortables" } { "порядок" } ", "
                        a href={ (here) "/schema" } { "схема" }
                    }
                    td { "По чему отбирать и сортировать, из чего состоит объект" }
                }
            }
        } }
    }
}

fn legend(layer: &Layer) -> Markup {
    let source = |theme: &str| format!("/legend/{}.svg?theme={theme}", layer.id);
    html! {
        picture {
            source media="print" srcset=(source("light"));
            source media="(prefers-color-scheme: dark)" srcset=(source("dark"));
            img src=(source("light")) alt={ "Условные обозначения слоя «" (word(&layer.title)) "»" };
        }
    }
}

/// The plan of the layer's extent inside the city, and the map over it.
async fn place(
    imgis: &App,
    caller: &Caller,
    base: &str,
    layer: &Layer,
) -> Result<(Markup, String)> {
    let city = &imgis.city;
    let extent = imgis.tiles.bounds(&layer.id);
    let whole = corners(imgis, city.bounds)?;
    let asker = |layer| Asker { layer, caller, base, city };
    let wire = || imgis.wire(Crs::City(city.srid));
    let tolerance = little_map::unit_m(whole) / 8.0;
    let client = imgis.db.client().await?;
    let boundary = match imgis.catalogue.readable_by(caller, "municipal_boundary") {
        Ok(layer) => around(&client, asker(layer), wire(), whole, tolerance, FEW as i64).await?,
        Err(_) => Vec::new(),
    };
    let few = imgis.tiles.count(&layer.id) <= FEW && layer.id != "municipal_boundary";
    let features = match few {
        true => {
            let most = limit::PLAN_FEATURES;
            around(&client, asker(layer), wire(), whole, tolerance, most).await?
        }
        false => Vec::new(),
    };
    drop(client);
    let box_of = |[west, south, east, north]: [f64; 4]| Outline {
        id: 0,
        title: String::new(),
        dimension: 2,
        lines: vec![vec![[west, south], [east, south], [east, north], [west, north]]],
    };
    let extents: Vec<Outline> = match extent {
        Some(extent) => vec![box_of(corners(imgis, extent)?)],
        None => Vec::new(),
    };
    // The city as its boundary says, else as its file does; what lies beyond belongs to it.
    let shown =
        little_map::bounds(boundary.iter().chain(&extents)).filter(|_| !boundary.is_empty());
    let window = little_map::window(shown.unwrap_or(whole), PLAN_M);
    let items = Some(format!("/collections/{}/items", layer.id));
    let sheets = [
        Drawn { class: "beside", outlines: &boundary, items: None },
        Drawn { class: "extent", outlines: &extents, items: None },
        Drawn { class: "subject many", outlines: &features, items },
    ];
    let label = match extent {
        Some(_) => format!("Охват слоя «{}» в границах города", word(&layer.title)),
        None => "Границы города; в слое нет ни одного объекта на карте".to_string(),
    };
    let [west, south, east, north] = extent.unwrap_or(city.bounds);
    let at = [(west + east) / 2.0, (south + north) / 2.0];
    let [x0, _, x1, _] = corners(imgis, [west, south, east, north])?;
    let map = map_link(imgis, caller, layer, at, x1 - x0, None);
    Ok((little_map::plan(&label, window, &sheets), map))
}

/// A box of degrees in the city's system.
fn corners(imgis: &App, [west, south, east, north]: [f64; 4]) -> Result<[f64; 4]> {
    let projector = Projector::new(&imgis.city.proj)?;
    let (x0, y0) = projector.project(west, south)?;
    let (x1, y1) = projector.project(east, north)?;
    Ok([x0.min(x1), y0.min(y1), x0.max(x1), y0.max(y1)])
}
