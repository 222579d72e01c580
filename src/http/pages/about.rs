//! What this server offers: the landing page, conformance, styles.

use axum::response::Html;
use maud::{Markup, html};
use serde_json::Value;

use super::collections::themes;
use super::words::{FEATURES, count, word};
use super::{App, Page};
use crate::access::Caller;
use crate::feature::searchable;
use crate::layer::Linkable;

/// The landing page for people.
pub fn landing(imgis: &App, caller: &Caller, base: &str) -> Html<String> {
    let layers: Vec<_> = imgis.catalogue.readable(caller).collect();
    let features: usize = layers.iter().map(|layer| imgis.tiles.count(&layer.id)).sum();
    let title = format!("{}: карта и данные", word(&imgis.city.title));
    let body = html! {
        h1 { (title) }
        p.lead {
            "Здесь " (count(layers.len(), ["слой", "слоя", "слоёв"])) " и "
            (count(features, FEATURES)) " города: участки, застройка, зоны, ограничения, заявления. \
             Всё открывается на карте, таблицей и файлом; изменение видно сразу, как только внесено."
        }
        p.actions {
            a href="/" { "Открыть карту" }
            a href="/collections" { "Все слои" }
        }
        (search(imgis, caller))
        (themes(imgis, caller))
        (services(base))
    };
    Page::new(imgis, &title)
        .first()
        .called("Данные")
        .also("application/json", "/?f=json", "JSON")
        .html(body)
}

fn search(imgis: &App, caller: &Caller) -> Markup {
    let parcels = imgis
        .catalogue
        .readable(caller)
        .find(|layer| layer.linkable == Some(Linkable::Subject) && searchable(layer, caller));
    html! {
        @if let Some(parcels) = parcels {
            section {
                h2 { (word(&parcels.title)) }
                form.search action={ "/collections/" (parcels.id) "/items" } method="get" {
                    label {
                        span { "Номер или адрес" }
                        input type="search" name="q" required autocomplete="off"
                            placeholder="Например, 16:50:011111:12 или Баумана";
                    }
                    button type="submit" { "Найти" }
                }
            }
        }
    }
}

fn services(base: &str) -> Markup {
    html! {
        section {
            h2 id="services" { "Для программ" }
            p { "В QGIS: «Слой → Добавить слой → Добавить слой WFS / OGC API — Features», адрес "
                code { (base) "/" } ". Там же, «Добавить слой векторных тайлов», адрес стиля "
                code { (base) "/styles/light?text=glyphs" } "." }
            div.table { table {
                thead { tr { th scope="col" { "Служба" } th scope="col" { "Что даёт" } } }
                tbody {
                    tr { th scope="row" { a href="/api.html" { "Описание API" } }
                         td { "Каждый запрос с параметрами и ответами; "
                              a href="/api?f=json" { "OpenAPI 3.0" } } }
                    tr { th scope="row" { a href="/collections" { "OGC API — Features" } }
                         td { "Слои и объекты с отбором, порядком и системами координат" } }
                    tr { th scope="row" { a href="/tiles" { "OGC API — Tiles" } }
                         td { "Векторные тайлы города и каждого слоя; "
                              a href="/tileMatrixSets" { "сетки тайлов" } } }
                    tr { th scope="row" { a href="/styles" { "Стили карты" } }
                         td { "Светлый, тёмный и для печати, в формате MapLibre" } }
                    tr { th scope="row" { a href="/conformance" { "Соответствие стандартам" } }
                         td { "Классы OGC, которые подтверждены проверками" } }
                }
            } }
        }
    }
}

/// Conformance classes, by standard.
pub fn conformance(imgis: &App, body: &Value) -> Html<String> {
    let uris: Vec<&str> =
        body["conformsTo"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut standards: Vec<(String, Vec<(&str, &str)>)> = Vec::new();
    for uri in uris {
        let (standard, class) = uri.split_once("/conf/").unwrap_or((uri, ""));
        let standard = standard.rsplit("/spec/").next().unwrap_or(standard).replace('/', " ");
        match standards.iter_mut().find(|(known, _)| *known == standard) {
            Some((_, classes)) => classes.push((class, uri)),
            None => standards.push((standard, vec![(class, uri)])),
        }
    }
    let body = html! {
        h1 { "Соответствие стандартам" }
        p.lead { "Классы соответствия стандартам OGC. Названы только те, за которыми стоят проверки." }
        @for (standard, classes) in &standards {
            section {
                h2 { (standard) }
                div.table { table {
                    thead { tr { th scope="col" { "Класс" } th scope="col" { "Обозначение" } } }
                    tbody { @for (class, uri) in classes {
                        tr { th scope="row" { (class) } td { code { (uri) } } }
                    } }
                } }
            }
        }
    };
    Page::new(imgis, "Соответствие стандартам")
        .also("application/json", "/conformance?f=json", "JSON")
        .html(body)
}

/// Styles of the map.
pub fn styles(imgis: &App, body: &Value) -> Html<String> {
    let named = |id: &str| match id {
        "light" => "Светлый",
        "dark" => "Тёмный",
        "print" => "Для печати",
        _ => "",
    };
    let body = html! {
        h1 { "Стили карты" }
        p.lead { "Документы MapLibre: что рисуется, в каком порядке и каким цветом." }
        section {
            h2 { "Стили" }
            div.table { table {
                thead { tr {
                    th scope="col" { "Стиль" } th scope="col" { "Для браузера" }
                    th scope="col" { "Для QGIS" }
                } }
                tbody { @for style in body["styles"].as_array().into_iter().flatten() {
                    @let id = style["id"].as_str().unwrap_or_default();
                    tr {
                        th scope="row" { (named(id)) }
                        td { a href={ "/styles/" (id) } { code { "/styles/" (id) } } }
                        td { a href={ "/styles/" (id) "?text=glyphs" } {
                            code { "/styles/" (id) "?text=glyphs" }
                        } }
                    }
                } }
            } }
        }
    };
    Page::new(imgis, "Стили карты").also("application/json", "/styles?f=json", "JSON").html(body)
}
