//! Features for people: a page of a layer as a table, told by what it was chosen.

use axum::response::{Html, IntoResponse, Response};
use maud::{Markup, html};

use super::super::items::Asked;
use super::super::link::address;
use super::Page;
use super::asked::{Condition, called, conditions};
use super::form::form;
use super::items::{PLAN_M, Shelf, file, formats};
use super::little_map::{self, Sheet as Drawn};
use super::words::{FEATURES, bare, count, number, title, unit, word};
use crate::access::Caller;
use crate::config::limit;
use crate::error::Result;
use crate::feature::{Outline, Record, Sheet};
use crate::layer::{Layer, PropertyType, Value};

/// Characters of a text that needs a broad column.
const LONG: usize = 28;

/// Features of a page, ready to be told.
struct Listed<'a> {
    shelf: &'a Shelf<'a>,
    sheet: Sheet,
    records: Vec<Record>,
    matched: Option<i64>,
    /// Address of the next page.
    next: Option<String>,
    params: &'a [(String, String)],
    conditions: Vec<Condition>,
    plan: Option<(Markup, String)>,
}

impl Asked<'_> {
    /// The page as a table.
    ///
    /// # Errors
    /// As the page in any format.
    pub async fn html(&self, caller: &Caller) -> Result<Response> {
        let limit = self.query.limit.unwrap_or(limit::PAGE_ROWS).min(limit::PAGE_KEPT);
        let (layer, imgis) = (self.layer, self.imgis);
        let shelf = Shelf { imgis, caller, layer, base: self.base };
        let found = self.found(limit).await?;
        let mut reading = self.reading();
        let records: Vec<Record> =
            found.rows.iter().map(|row| reading.record(row)).collect::<Result<_>>()?;
        let sheet = reading.sheet(layer, &self.query, word(&layer.title));
        let path = shelf.items();
        let next = found.next.map(|cursor| {
            address(&path, self.params, &["cursor", "offset"], &[("cursor", &cursor)])
        });
        let outlines: Vec<Outline> = outlines(layer, &sheet, &records)?;
        let plan = match little_map::bounds(&outlines) {
            Some(box_) => {
                let window = little_map::window(box_, PLAN_M);
                let under = shelf.parcels(window).await?;
                let items = |layer: &str| Some(format!("/collections/{layer}/items"));
                let sheets = [
                    Drawn { class: "under", outlines: &under, items: None },
                    Drawn { class: "subject", outlines: &outlines, items: items(&layer.id) },
                ];
                let label = format!("План: {}, объекты этой страницы", word(&layer.title));
                let map = shelf.map_at(window, None)?;
                Some((little_map::plan(&label, window, &sheets), map))
            }
            None => None,
        };
        let conditions = conditions(layer, &self.query, self.params, &imgis.city);
        let (params, matched) = (self.params, found.matched);
        let listed =
            Listed { shelf: &shelf, sheet, records, matched, next, params, conditions, plan };
        Ok(listed.page().into_response())
    }
}

fn outlines(layer: &Layer, sheet: &Sheet, records: &[Record]) -> Result<Vec<Outline>> {
    let mut all = Vec::new();
    for record in records {
        all.extend(Outline::of(record, title(layer, &sheet.title(layer, record)))?);
    }
    Ok(all)
}

impl Listed<'_> {
    fn page(&self) -> Html<String> {
        let layer = self.shelf.layer;
        let name = word(&layer.title);
        let (path, params) = (self.shelf.items(), self.params);
        let later = params.iter().any(|(name, _)| name == "cursor" || name == "offset");
        let only_rows = ["limit", "skip-geometry", "zoom-level"];
        let asked = params.iter().any(|(name, _)| !only_rows.contains(&name.as_str()));
        let first = address(&path, params, &["cursor", "offset"], &[]);
        let body = html! {
            h1 { (name) }
            p.lead { (self.counted()) }
            @if !self.conditions.is_empty() {
                dl.asked {
                    @for (name, told) in &self.conditions { div { dt { (name) } dd { (told) } } }
                }
            }
            @if asked { p { a href=(path) { "Снять все условия" } } }
            @if !self.records.is_empty() {
                p.actions {
                    @if let Some((_, map)) = &self.plan { a href=(map) { "Показать на карте" } }
                    @for (f, media, word) in formats() {
                        a href=(file(&path, params, f)) type=(media) { (word) }
                    }
                }
            }
            details.choose open[self.records.is_empty()] {
                summary { "Отбор и порядок" }
                (form(layer, self.shelf.caller, params))
            }
            @if self.records.is_empty() {
                section { (self.nothing(asked)) }
            } @else {
                section {
                    h2 { "Объекты" }
                    (self.table())
                    (self.steps(later, &first))
                }
                @if let Some((plan, map)) = &self.plan {
                    section {
                        h2 { "План" }
                        figure.plan { (plan) figcaption {
                            "Объекты этой страницы. " a href=(map) { "Открыть на карте" }
                        } }
                    }
                }
            }
        };
        let mut page = Page::new(self.shelf.imgis, name)
            .under("/collections", "Слои")
            .under(format!("/collections/{}", layer.id), name)
            .called("Объекты")
            .wide();
        for (f, media, word) in formats() {
            page = page.also(media, file(&path, params, f), word);
        }
        page.html(body)
    }

    fn counted(&self) -> Markup {
        let shown = self.records.len();
        html! {
            @match self.matched.and_then(|matched| usize::try_from(matched).ok()) {
                Some(0) => "Ничего не найдено.",
                Some(matched) if matched == shown => { "Найдено: " (count(matched, FEATURES)) "." }
                Some(matched) => {
                    "Найдено: " (count(matched, FEATURES)) ", на этой странице — "
                    (number(shown as f64, 0)) "."
                }
                None => { "На этой странице: " (count(shown, FEATURES)) "." }
            }
        }
    }

    fn nothing(&self, asked: bool) -> Markup {
        html! {
            h2 { "Объекты" }
            @if asked {
                p { "Под эти условия не подходит ни один объект слоя. Ослабьте отбор или снимите его." }
            } @else {
                p { "В слое пока нет ни одного объекта." }
            }
        }
    }

    fn steps(&self, later: bool, first: &str) -> Markup {
        html! {
            @if later || self.next.is_some() {
                nav.steps aria-label="Страницы" {
                    @if later { a href=(first) rel="first" { "← К началу" } }
                    @if let Some(next) = &self.next {
                        a.next href=(next) rel="next" { "Следующая страница →" }
                    } @else {
                        span.muted { "Это последняя страница." }
                    }
                }
            }
        }
    }

    fn table(&self) -> Markup {
        let layer = self.shelf.layer;
        let head = layer.title_property.as_deref();
        let columns: Vec<usize> = (0..self.sheet.columns.len())
            .filter(|at| Some(self.sheet.columns[*at].name.as_str()) != head)
            .collect();
        let moment = self.params.iter().find(|(name, _)| name == "datetime");
        let more = moment.map(|(name, value)| (name.as_str(), value.as_str()));
        html! {
            div.table tabindex="0" role="region" aria-label="Таблица объектов" {
                table.features {
                    thead { tr {
                        th scope="col" { (head.map_or("Объект".into(), |name| called(layer, name))) }
                        @for at in &columns { (self.heading(*at)) }
                    } }
                    tbody {
                        @for record in &self.records {
                            @let path = format!("{}/{}", self.shelf.items(), record.id);
                            @let named = title(layer, &self.sheet.title(layer, record));
                            tr {
                                th scope="row" {
                                    a href=(address(&path, &[], &[], more.as_slice())) { (named) }
                                }
                                @for at in &columns { (self.cell(record, *at)) }
                            }
                        }
                    }
                }
            }
        }
    }

    fn heading(&self, at: usize) -> Markup {
        let column = &self.sheet.columns[at];
        let numeric = is_number(column.kind);
        html! {
            th.number[numeric] scope="col" {
                (word(&column.label))
                @if let Some(name) = &column.unit { span.unit { ", " (unit(name)) } }
            }
        }
    }

    fn cell(&self, record: &Record, at: usize) -> Markup {
        let column = &self.sheet.columns[at];
        let value = &record.values[at];
        let numeric = is_number(column.kind);
        let text = match (value, self.shelf.layer.property(&column.name)) {
            (Value::Null, _) => None,
            (value, Some(property)) => Some(bare(property, &value.to_json())),
            (Value::Number(m2), None) => Some(number(*m2, 1)),
            (value, None) => value.text(),
        };
        let long = !numeric && text.as_ref().is_some_and(|text| text.chars().count() > LONG);
        html! {
            td.number[numeric].date[column.kind == PropertyType::Date].long[long] {
                @match text {
                    Some(text) => (text),
                    None => span.muted { span aria-hidden="true" { "—" } span.spoken { "нет сведений" } },
                }
            }
        }
    }
}

fn is_number(kind: PropertyType) -> bool {
    matches!(kind, PropertyType::Integer | PropertyType::Number)
}
