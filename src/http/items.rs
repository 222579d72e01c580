//! Features on the wire: pages, streams of many, one feature.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio_postgres::Row;

use super::App;
use super::door::{Base, JSON_OR_HTML, Offer, Path, Query, offered};
use super::exports::options;
use super::link::address;
use super::pages::items::Shelf;
use super::search::Again;
use crate::access::Caller;
use crate::config::limit;
use crate::db::cancellable;
use crate::error::{Error, Result};
use crate::exchange::write::{Format, Options};
use crate::feature::{Asker, Cursor, FeatureQuery, PROPERTY_CRS, Reading, Statement, place};
use crate::geometry::Crs;
use crate::layer::Layer;

pub const GEOJSON: &str = "application/geo+json";

/// A question for features and where its pages live.
pub struct Asked<'a> {
    pub imgis: &'a App,
    pub layer: &'a Layer,
    pub query: FeatureQuery,
    /// Address without a query, and the parameters of the question.
    pub path: String,
    pub params: &'a [(String, String)],
    pub base: &'a str,
    /// The count is wanted however long it takes.
    pub exact: bool,
    /// How the question is sent again, when it is not an address.
    pub again: Option<Again>,
    /// How a file of the answer is written.
    pub options: Options,
}

/// The value of a parameter.
pub fn given<'a>(params: &'a [(String, String)], name: &str) -> Option<&'a str> {
    params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// One page of a layer.
///
/// # Errors
/// 400 naming the parameter; 404 unknown or unreadable layer; 503 too busy.
///
/// # Source
/// OGC API Features 1.0 part 1 §7.15; part 2 §6.2.
pub async fn page(
    State(imgis): State<App>,
    caller: Caller,
    base: Base,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(mut params): Query,
) -> Result<Response> {
    let layer = imgis.catalogue.readable_by(&caller, &id)?;
    let base = &base.0;
    let format = wanted(&headers, &params)?;
    if format == "html" {
        // A form sends the fields that nobody filled in, too.
        params.retain(|(_, value)| !value.is_empty());
    }
    let asker = Asker { layer, caller: &caller, base, city: &imgis.city };
    let mut query = FeatureQuery::parse(asker, &params)?;
    if format == "html" {
        // Plans are drawn in metres.
        (query.crs, query.geometry) = (Crs::City(imgis.city.srid), true);
    }
    let path = format!("{base}/collections/{}/items", layer.id);
    let exact = wants_exact(&headers);
    let (imgis, params, again) = (&imgis, &params[..], None);
    let options = options(given(params, "bom"), given(params, "lang"))?;
    let asked = Asked { imgis, layer, query, path, params, base, exact, again, options };
    match format {
        "html" => asked.html(&caller).await,
        format => asked.answer(format).await,
    }
}

/// The format that is wanted, pages for people among them.
fn wanted(headers: &HeaderMap, params: &[(String, String)]) -> Result<&'static str> {
    offered(headers, given(params, "f"), &[&FORMATS[..], &[HTML]].concat())
}

/// Rows of a page.
pub struct Found {
    pub rows: Vec<Row>,
    pub matched: Option<i64>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

/// `Prefer: count=exact`.
pub fn wants_exact(headers: &HeaderMap) -> bool {
    let preferred = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    preferred.flat_map(|list| list.split(',')).any(|one| one.trim() == "count=exact")
}

/// What the features of a layer are served as, by name and media type; the first is the usual one.
pub const FORMATS: [Offer; 6] = [
    ("json", GEOJSON),
    ("geojsonseq", "application/geo+json-seq"),
    ("csv", "text/csv"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("fgb", "application/flatgeobuf"),
    ("gpkg", "application/geopackage+sqlite3"),
];

/// The same for people.
const HTML: Offer = JSON_OR_HTML[1];

impl Asked<'_> {
    /// The answer in one of [`FORMATS`].
    ///
    /// # Errors
    /// As a page.
    pub async fn answer(&self, format: &str) -> Result<Response> {
        match Format::parse(format) {
            Some(format) => self.export(format).await,
            None => self.geojson().await,
        }
    }

    /// The question as a statement, its cursor read.
    ///
    /// # Errors
    /// 400 `cursor`.
    pub async fn statement(&self) -> Result<Statement<'_>> {
        let after = match &self.query.place {
            crate::feature::Place::After(cursor) => {
                let secret = self.imgis.secret().await?;
                Some(cursor.read(secret, &self.layer.id, &self.query.sort)?)
            }
            crate::feature::Place::Offset(_) => None,
        };
        let (layer, query, city) = (self.layer, &self.query, &self.imgis.city);
        Ok(Statement { layer, query, city, after })
    }

    /// How its rows are read.
    pub fn reading(&self) -> Reading {
        Reading::new(self.layer, &self.query, self.imgis.wire(self.query.crs))
    }

    /// A feature collection: whole when short, as it comes when long.
    pub async fn geojson(&self) -> Result<Response> {
        let limit = self.query.limit.unwrap_or(limit::PAGE_FEATURES).min(limit::PAGE_FEATURES_MAX);
        if limit > limit::PAGE_KEPT {
            return self.stream(limit).await;
        }
        let found = self.found(limit).await?;
        let mut reading = self.reading();
        let mut body = Vec::with_capacity(4096);
        body.extend_from_slice(b"{\"type\":\"FeatureCollection\",\"features\":[");
        for (at, row) in found.rows.iter().enumerate() {
            if at > 0 {
                body.push(b',');
            }
            reading.write(row, &mut body)?;
            body.push(b'}');
        }
        let shown = found.rows.len();
        body.extend_from_slice(&self.tail(shown, found.matched, found.next));
        let mut response = Body::from(body).into_response();
        self.mark(&mut response, Some(shown), found.matched);
        Ok(response)
    }

    /// The rows of a page of at most so many.
    ///
    /// # Errors
    /// As any statement.
    pub async fn found(&self, limit: i64) -> Result<Found> {
        let secret = self.imgis.secret().await?;
        let statement = self.statement().await?;
        let mut client = self.imgis.db.client().await?;
        let token = client.cancel_token();
        let page = statement.page(&mut client, limit, self.exact);
        let mut found = cancellable(token, page).await?;
        drop(client);
        let more = found.rows.len() > limit as usize;
        found.rows.truncate(limit as usize);
        let next = match found.rows.last().filter(|_| more) {
            Some(last) => Some(self.next(secret, last)?),
            None => None,
        };
        Ok(Found { rows: found.rows, matched: found.matched, next })
    }

    /// The cursor after a row.
    pub fn next(&self, secret: &[u8], last: &Row) -> Result<String> {
        let (keys, id) = place(last, &self.query)?;
        Cursor::write(secret, &self.layer.id, &self.query.sort, &keys, id)
    }

    /// What follows the features.
    pub fn tail(&self, returned: usize, matched: Option<i64>, next: Option<String>) -> Vec<u8> {
        let mut text = format!("],\"numberReturned\":{returned}");
        if let Some(matched) = matched {
            text.push_str(&format!(",\"numberMatched\":{matched}"));
        }
        let now = jiff::Timestamp::now();
        text.push_str(&format!(",\"timeStamp\":\"{now:.0}\",\"links\":{}}}", self.links(next)));
        text.into_bytes()
    }

    fn links(&self, next: Option<String>) -> Value {
        let address = |without: &[&str], more: &[(&str, &str)]| {
            address(&self.path, self.params, without, more)
        };
        let mut links = Vec::new();
        if self.again.is_none() {
            links.push(json!({
                "rel": "self", "type": GEOJSON, "title": "this page", "href": address(&[], &[]),
            }));
            let others = FORMATS.iter().filter(|(_, media)| *media != GEOJSON).chain([&HTML]);
            links.extend(others.map(|(name, media)| {
                json!({
                    "rel": "alternate", "type": media, "title": format!("this question as {name}"),
                    "href": address(&["f", "cursor"], &[("f", name)]),
                })
            }));
        }
        links.extend(next.map(|next| match &self.again {
            Some(again) => json!({
                "rel": "next", "type": GEOJSON, "title": "next page", "method": "POST",
                "href": self.path, "body": again.body(self.params, &next),
            }),
            None => json!({
                "rel": "next", "type": GEOJSON, "title": "next page",
                "href": address(&["cursor", "offset"], &[("cursor", &next)]),
            }),
        }));
        links.push(json!({
            "rel": "collection", "type": "application/json", "title": "the layer",
            "href": format!("{}/collections/{}", self.base, self.layer.id),
        }));
        Value::Array(links)
    }

    /// Headers of a collection.
    pub fn mark(&self, response: &mut Response, returned: Option<usize>, matched: Option<i64>) {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(GEOJSON));
        content_crs(headers, self.imgis, self.query.crs, self.base);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        if let Some(returned) = returned {
            headers.insert("ogc-numberreturned", returned.into());
        }
        if let Some(matched) = matched {
            headers.insert("ogc-numbermatched", matched.into());
        }
    }
}

/// Says in which system the coordinates are.
pub fn content_crs(headers: &mut HeaderMap, imgis: &App, crs: Crs, base: &str) {
    let uri = format!("<{}>", crs.uri(base, &imgis.city));
    if let Ok(value) = HeaderValue::from_str(&uri) {
        headers.insert("content-crs", value);
    }
}

/// A feature's id; what is none is of no feature.
pub fn feature_id(text: &str) -> Result<i64> {
    text.parse().map_err(|_| Error::not_found("feature", text))
}

/// One feature, with the ETag that an edit has to send back.
///
/// # Errors
/// 400, 404.
pub async fn one(
    State(imgis): State<App>,
    caller: Caller,
    base: Base,
    headers: HeaderMap,
    Path((id, fid)): Path<(String, String)>,
    Query(params): Query,
) -> Result<Response> {
    let layer = imgis.catalogue.readable_by(&caller, &id)?;
    let taken = [
        PROPERTY_CRS,
        "f",
        "datetime",
        "properties",
        "exclude-properties",
        "skip-geometry",
        "zoom-level",
        "lang",
    ];
    if let Some((name, _)) = params.iter().find(|(name, _)| !taken.contains(&name.as_str())) {
        let detail = format!("is not a parameter here; known are {}", taken.join(", "));
        return Err(Error::parameter(name, detail));
    }
    let format = wanted(&headers, &params)?;
    let asker = Asker { layer, caller: &caller, base: &base.0, city: &imgis.city };
    let query = FeatureQuery::parse(asker, &params)?;
    options(None, given(&params, "lang"))?;
    if format == "html" {
        let shelf = Shelf { imgis: &imgis, caller: &caller, layer, base: &base.0 };
        return super::pages::items::one(&shelf, query, feature_id(&fid)?, &params).await;
    }
    let mut response = feature(&imgis, &base.0, layer, &query, feature_id(&fid)?).await?;
    let asked = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if let (Some(asked), Some(etag)) = (asked, response.headers().get(header::ETAG))
        && asked
            .split(',')
            .any(|tag| tag.trim().trim_start_matches("W/").as_bytes() == etag.as_bytes())
    {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
    }
    Ok(response)
}

/// A feature as an answer.
///
/// # Errors
/// 404.
pub async fn feature(
    imgis: &App,
    base: &str,
    layer: &Layer,
    query: &FeatureQuery,
    fid: i64,
) -> Result<Response> {
    let client = imgis.db.client().await?;
    let statement = Statement { layer, query, city: &imgis.city, after: None };
    let row = statement
        .one(&client, fid)
        .await?
        .ok_or_else(|| Error::not_found("feature", format!("{}/{fid}", layer.id)))?;
    let mut reading = Reading::new(layer, query, imgis.wire(query.crs));
    let mut body = Vec::with_capacity(1024);
    reading.write(&row, &mut body)?;
    let etag = reading.etag(&row)?;
    let here = format!("{base}/collections/{}/items/{fid}", layer.id);
    let links = json!([
        { "rel": "self", "type": GEOJSON, "title": "this feature", "href": here },
        { "rel": "alternate", "type": "text/html", "title": "this feature as HTML",
          "href": format!("{here}?f=html") },
        { "rel": "collection", "type": "application/json", "title": "the layer",
          "href": format!("{base}/collections/{}", layer.id) },
    ]);
    body.extend_from_slice(format!(",\"links\":{links}}}").as_bytes());
    let mut response = Body::from(body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(GEOJSON));
    content_crs(headers, imgis, query.crs, base);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if let Some(etag) = etag.and_then(|etag| HeaderValue::from_str(&etag).ok()) {
        headers.insert(header::ETAG, etag);
    }
    Ok(response)
}
