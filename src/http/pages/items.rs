//! A feature for people: what is known of it, its plan among its neighbours, where to go on.

use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::super::items::FORMATS;
use super::super::link::address;
use super::asked::period;
use super::little_map::{self, Sheet as Drawn};
use super::words::{area, exact, length, shown, title, word};
use super::{App, Page};
use crate::access::Caller;
use crate::config::limit;
use crate::db::cancellable;
use crate::error::{Error, Result};
use crate::feature::{Asker, FeatureQuery, Outline, Reading, Record, Sheet, Statement, around};
use crate::geometry::Crs;
use crate::layer::{Layer, Linkable, PropertyType, Value};

/// What the formats of [`super::super::items::FORMATS`] are called.
const WORDS: [(&str, &str); 5] = [
    ("xlsx", "Excel"),
    ("csv", "CSV"),
    ("json", "GeoJSON"),
    ("gpkg", "GeoPackage"),
    ("fgb", "FlatGeobuf"),
];

/// Formats of features beside HTML: name in `f`, media type, word.
pub fn formats() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    WORDS.into_iter().filter_map(|(f, word)| {
        let (_, media) = FORMATS.iter().find(|(name, _)| *name == f)?;
        Some((f, *media, word))
    })
}

/// The whole question in another format: files hold more than a page.
pub fn file(path: &str, params: &[(String, String)], f: &str) -> String {
    let without: &[&str] = if f == "json" { &["f"] } else { &["f", "limit", "cursor", "offset"] };
    address(path, params, without, &[("f", f)])
}

/// Metres of the height of a plan, at least.
pub const PLAN_M: f64 = 80.0;
/// Metres of the width of a plan up to which parcels and buildings are drawn beside other layers.
const SURROUNDINGS_M: f64 = 1_500.0;

/// What pages of features are made from.
pub struct Shelf<'a> {
    pub imgis: &'a App,
    pub caller: &'a Caller,
    pub layer: &'a Layer,
    pub base: &'a str,
}

impl Shelf<'_> {
    /// Address of the features.
    pub fn items(&self) -> String {
        format!("/collections/{}/items", self.layer.id)
    }

    fn asker<'b>(&'b self, layer: &'b Layer) -> Asker<'b> {
        Asker { layer, caller: self.caller, base: self.base, city: &self.imgis.city }
    }

    /// Features of a layer in a window.
    async fn within(&self, layer: &Layer, window: [f64; 4]) -> Result<Vec<Outline>> {
        let city = &self.imgis.city;
        let client = self.imgis.db.client().await?;
        let wire = self.imgis.wire(Crs::City(city.srid));
        let tolerance = little_map::unit_m(window) / 2.0;
        let most = limit::PLAN_FEATURES;
        around(&client, self.asker(layer), wire, window, tolerance, most).await
    }

    /// Parcels under another layer's features.
    pub async fn parcels(&self, window: [f64; 4]) -> Result<Vec<Outline>> {
        self.those(window, |layer| layer.linkable == Some(Linkable::Subject)).await
    }

    /// What stands on the parcels: layers of the base map that concern them.
    async fn buildings(&self, window: [f64; 4]) -> Result<Vec<Outline>> {
        let base = self.imgis.catalogue.groups.first().map(|group| group.id.as_str());
        let standing =
            |layer: &Layer| layer.linkable == Some(Linkable::Affected) && layer.has_area();
        self.those(window, |layer| Some(layer.group.as_str()) == base && standing(layer)).await
    }

    /// Features of other layers of a kind, while the window is small.
    async fn those(
        &self,
        window: [f64; 4],
        wanted: impl Fn(&Layer) -> bool,
    ) -> Result<Vec<Outline>> {
        let [west, _, east, _] = window;
        let mut all = Vec::new();
        if east - west < SURROUNDINGS_M {
            let layers = self.imgis.catalogue.readable(self.caller);
            for layer in layers.filter(|layer| wanted(layer) && layer.id != self.layer.id) {
                all.extend(self.within(layer, window).await?);
            }
        }
        Ok(all)
    }

    /// The map over a window with the layer on; `Some`: with a feature chosen.
    pub fn map_at(&self, window: [f64; 4], feature: Option<i64>) -> Result<String> {
        let wire = self.imgis.wire(Crs::Crs84);
        let [west, south, east, north] = window;
        let at = wire.vertex((west + east) / 2.0, (south + north) / 2.0)?;
        Ok(map_link(self.imgis, self.caller, self.layer, at, east - west, feature))
    }
}

/// The address of the map at a place (CRS84), so many metres wide, with a layer on.
pub fn map_link(
    imgis: &App,
    caller: &Caller,
    layer: &Layer,
    [lng, lat]: [f64; 2],
    width_m: f64,
    feature: Option<i64>,
) -> String {
    // The map's tiles have 512 pixels; about 900 of them are seen.
    let round = 40_075_016.686 * lat.to_radians().cos();
    let zoom = (round * 900.0 / (512.0 * width_m.max(1.0))).log2().clamp(9.0, 18.0);
    let at = format!("/?at={zoom:.2}/{lat:.5}/{lng:.5}");
    let shown = |one: &&std::sync::Arc<Layer>| one.visible || one.id == layer.id;
    match feature {
        Some(id) => format!("{at}&f={}.{id}", layer.id),
        None if layer.visible => at,
        None => {
            let layers = imgis.catalogue.readable(caller).filter(shown);
            let ids: Vec<&str> = layers.map(|layer| layer.id.as_str()).collect();
            format!("{at}&l={}", ids.join(","))
        }
    }
}

/// One feature: what is known of it, its plan, where to go on.
///
/// # Errors
/// 404.
pub async fn one(
    shelf: &Shelf<'_>,
    mut query: FeatureQuery,
    fid: i64,
    params: &[(String, String)],
) -> Result<Response> {
    let (imgis, layer) = (shelf.imgis, shelf.layer);
    query.crs = Crs::City(imgis.city.srid);
    query.geometry = true;
    let client = imgis.db.client().await?;
    let token = client.cancel_token();
    let statement = Statement { layer, query: &query, city: &imgis.city, after: None };
    let row = cancellable(token, statement.one(&client, fid)).await?;
    let row = row.ok_or_else(|| Error::not_found("feature", format!("{}/{fid}", layer.id)))?;
    drop(client);
    let mut reading = Reading::new(layer, &query, imgis.wire(query.crs));
    let record = reading.record(&row)?;
    let sheet = reading.sheet(layer, &query, word(&layer.title));
    let named = title(layer, &sheet.title(layer, &record));
    let outline = Outline::of(&record, named.clone())?;
    let plan = match &outline {
        Some(outline) => Some(placed(shelf, outline, &named).await?),
        None => None,
    };
    let path = format!("{}/{fid}", shelf.items());
    let json = address(&path, params, &["f"], &[("f", "json")]);
    let dossier = match layer.linkable {
        Some(Linkable::Subject) => parcel(layer, &sheet, &record),
        _ => None,
    };
    let then = query.during.map(|during| period(during, &imgis.city));
    let body = html! {
        p.kicker { a href={ "/collections/" (layer.id) } { (word(&layer.title)) } }
        h1 { (named) }
        @if let Some(then) = then {
            p.note { "Показано состояние " (then) ". " a href=(path) { "Нынешнее состояние" } }
        }
        p.actions {
            @if let Some((_, map, _)) = &plan { a href=(map) { "Показать на карте" } }
            @if let Some(number) = dossier { a href={ "/parcels/" (number) } { "Досье участка" } }
            @if layer.is_own() { a href={ (path) "/history" } { "История изменений" } }
            a href=(json) type="application/geo+json" { "GeoJSON" }
        }
        div.beside {
            section {
                h2 { "Сведения" }
                dl {
                    (facts(layer, &sheet, &record))
                    div { dt { "Идентификатор" } dd { (fid) } }
                }
            }
            section {
                h2 { "Место" }
                @match &plan {
                    Some((plan, _, places)) => {
                        figure.plan { (plan) }
                        dl { (places) }
                    }
                    None => p.muted { "Границы не внесены: на карте этого объекта нет." },
                }
            }
        }
    };
    let page = Page::new(imgis, &named)
        .under("/collections", "Слои")
        .under(format!("/collections/{}", layer.id), word(&layer.title))
        .under(shelf.items(), "Объекты")
        .also("application/geo+json", json.as_str(), "GeoJSON");
    Ok(page.html(body).into_response())
}

/// The cadastral number of a record.
fn parcel(layer: &Layer, sheet: &Sheet, record: &Record) -> Option<String> {
    let key = layer.properties.iter().find(|one| one.kind == PropertyType::CadastralNumber)?;
    sheet.value(record, &key.name)?.text()
}

fn facts(layer: &Layer, sheet: &Sheet, record: &Record) -> Markup {
    html! {
        @for (column, value) in sheet.columns.iter().zip(&record.values) {
            div {
                dt { (word(&column.label)) }
                @match (value, layer.property(&column.name)) {
                    (Value::Null, _) => dd.muted { "нет сведений" },
                    (Value::Text(number), Some(property))
                        if property.kind == PropertyType::CadastralNumber =>
                        dd { a href={ "/parcels/" (number) } { (number) } },
                    (value, Some(property)) => dd { (shown(property, &value.to_json())) },
                    (Value::Number(m2), None) => dd { (area(*m2)) },
                    (value, None) => dd { (value.text().unwrap_or_default()) },
                }
            }
        }
    }
}

/// The plan of a feature with its neighbours, the map at its place, and where it is in numbers.
async fn placed(
    shelf: &Shelf<'_>,
    outline: &Outline,
    named: &str,
) -> Result<(Markup, String, Markup)> {
    let [west, south, east, north] = outline.bounds();
    let window = little_map::window([west, south, east, north], PLAN_M);
    let mut beside = shelf.within(shelf.layer, window).await?;
    beside.retain(|other| other.id != outline.id);
    let under = shelf.parcels(window).await?;
    let standing = shelf.buildings(window).await?;
    let items = Some(shelf.items());
    let own = std::slice::from_ref(outline);
    let sheets = [
        Drawn { class: "under", outlines: &under, items: None },
        Drawn { class: "beside", outlines: &beside, items },
        Drawn { class: "standing", outlines: &standing, items: None },
        Drawn { class: "subject", outlines: own, items: None },
    ];
    let label = format!("План: {named} и соседние объекты слоя «{}»", word(&shelf.layer.title));
    let plan = little_map::plan(&label, window, &sheets);
    let map = shelf.map_at(window, Some(outline.id))?;
    let (x, y) = ((west + east) / 2.0, (south + north) / 2.0);
    let [lng, lat] = shelf.imgis.wire(Crs::Crs84).vertex(x, y)?;
    let system = &shelf.imgis.city.crs.title;
    let point = outline.dimension == 0;
    let places = html! {
        div {
            dt { @if point { "Координаты" } @else { "Середина охвата" } ", " (system) }
            dd { "x\u{a0}" (exact(y, 2)) "; y\u{a0}" (exact(x, 2)) }
        }
        div { dt { "Широта, долгота" } dd { (format!("{lat:.6}, {lng:.6}")) } }
        @if !point {
            div {
                dt { "Охват" }
                dd { (length(east - west)) " с запада на восток, " (length(north - south)) " с юга на север" }
            }
        }
    };
    Ok((plan, map, places))
}
