//! Questions on the wire: asked by POST, saved under a name, opened again by link; answered as JSON, as a
//! page, or as a table in every format of files.

use axum::body::Body as HttpBody;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::App;
use super::door::{Base, Body, JSON_OR_HTML, Offer, Path, Query, media_type, offered};
use super::exports::{attachment, file_response, options};
use super::items::{self, GEOJSON, content_crs};
use super::question_page;
use crate::access::Caller;
use crate::config::limit;
use crate::db::cancellable;
use crate::error::{Error, Result};
use crate::exchange::write::{self, Format, Options};
use crate::geometry::Crs;
use crate::question::{Answer, Asker, Kind, Question, Saved, Wanted, saved};

/// What an answer is served as, by name and media type; the first is the usual one.
const FORMATS: [Offer; 8] = [
    JSON_OR_HTML[0],
    JSON_OR_HTML[1],
    ("geojson", GEOJSON),
    items::FORMATS[1],
    items::FORMATS[2],
    items::FORMATS[3],
    items::FORMATS[4],
    items::FORMATS[5],
];

/// How an answer is wanted.
struct Form {
    format: &'static str,
    crs: Crs,
    options: Options,
}

impl Form {
    fn parse(headers: &HeaderMap, query: Query, imgis: &App, base: &Base) -> Result<Self> {
        let [f, crs, lang, bom] = query.only(["f", "crs", "lang", "bom"])?;
        let options = options(bom.as_deref(), lang.as_deref())?;
        let crs = match crs {
            Some(uri) => Crs::parse("crs", &uri, &base.0, &imgis.city)?,
            None => Crs::Crs84,
        };
        Ok(Self { format: offered(headers, f.as_deref(), &FORMATS)?, crs, options })
    }

    fn wanted(&self, imgis: &App) -> Wanted {
        let told = matches!(self.format, "json" | "html");
        Wanted {
            wire: imgis.wire(self.crs),
            // Tables for people to read have none.
            geometry: !told && !["xlsx", "csv"].contains(&self.format),
            russian: self.options.language == "ru",
            all: !told,
        }
    }
}

fn read(headers: &HeaderMap, body: &[u8]) -> Result<Value> {
    media_type(headers, "application/json", &["application/json"])?;
    serde_json::from_slice(body)
        .map_err(|error| Error::Malformed { detail: format!("the body is not JSON: {error}") })
}

/// Answers a question: `POST /questions/area`, `…/intersections`, `…/near`, `…/neighbours`.
///
/// # Errors
/// 400 naming the parameter; 404 a layer or a feature; 413; 415; 422 with a JSON Pointer; 503.
pub async fn ask(
    State(imgis): State<App>,
    caller: Caller,
    base: Base,
    headers: HeaderMap,
    Path(name): Path<String>,
    query: Query,
    Body(body): Body,
) -> Result<Response> {
    let kind = Kind::parse(&name).ok_or_else(|| Error::not_found("question", &name))?;
    let form = Form::parse(&headers, query, &imgis, &base)?;
    let body = read(&headers, &body)?;
    let answer = answered(&imgis, &caller, &base, kind, body, &form).await?;
    deliver(&imgis, &base, answer, &form, None).await
}

async fn answered(
    imgis: &App,
    caller: &Caller,
    base: &Base,
    kind: Kind,
    body: Value,
    form: &Form,
) -> Result<Answer> {
    let (catalogue, city) = (&imgis.catalogue, &imgis.city);
    let asker = Asker { catalogue, caller, base: &base.0, city };
    let question = Question::parse(kind, body, &asker)?;
    let wanted = form.wanted(imgis);
    let _permit = imgis.question_permit().await?;
    let mut client = imgis.db.client().await?;
    let token = client.cancel_token();
    cancellable(token, question.answer(&mut client, &asker, &wanted)).await
}

async fn deliver(
    imgis: &App,
    base: &Base,
    answer: Answer,
    form: &Form,
    saved: Option<&Saved>,
) -> Result<Response> {
    let mut response = match form.format {
        "html" => question_page::page(imgis, &answer, form.crs, saved).into_response(),
        "json" => {
            let mut json = answer.to_json();
            if let Some(saved) = saved {
                json["saved"] = saved.to_json(&base.0);
            }
            super::json(&json, "application/json")
        }
        "geojson" => {
            let (city, options) = (imgis.city.clone(), form.options);
            let work = move || collection(&answer, &city, options);
            let text = tokio::task::spawn_blocking(work).await.map_err(Error::internal)??;
            let mut response = HttpBody::from(text).into_response();
            let media = HeaderValue::from_static(GEOJSON);
            response.headers_mut().insert(header::CONTENT_TYPE, media);
            content_crs(response.headers_mut(), imgis, form.crs, &base.0);
            response
        }
        name => {
            let format = Format::parse(name).ok_or_else(|| Error::internal("no such format"))?;
            let _permit = imgis.export_permit()?;
            let sheet = answer.sheet.clone();
            let (city, options) = (imgis.city.clone(), form.options);
            let work = move || table(format, &answer, &city, options);
            let (file, text) =
                tokio::task::spawn_blocking(work).await.map_err(Error::internal)??;
            let mut response = match file {
                Some(file) => file_response(file)?,
                None => HttpBody::from(text).into_response(),
            };
            let headers = response.headers_mut();
            let media = HeaderValue::from_static(format.media_type());
            headers.insert(header::CONTENT_TYPE, media);
            content_crs(headers, imgis, form.crs, &base.0);
            attachment(headers, &sheet, format);
            response
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(response)
}

/// A table as a file, or as text.
fn table(
    format: Format,
    answer: &Answer,
    city: &crate::config::City,
    options: Options,
) -> Result<(Option<std::fs::File>, Vec<u8>)> {
    let mut writer = write::open(format, &answer.sheet, city, options)?;
    let mut out = Vec::new();
    for record in &answer.records {
        writer.push(record, &mut out)?;
    }
    let file = writer.finish(&mut out)?;
    Ok((file, out))
}

/// The rows as a GeoJSON feature collection, with what the whole amounts to beside them.
fn collection(answer: &Answer, city: &crate::config::City, options: Options) -> Result<Vec<u8>> {
    let mut writer = write::open(Format::GeoJsonSeq, &answer.sheet, city, options)?;
    let mut out = b"{\"type\":\"FeatureCollection\",\"features\":[".to_vec();
    let mut one = Vec::new();
    for (at, record) in answer.records.iter().enumerate() {
        one.clear();
        writer.push(record, &mut one)?;
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(one.trim_ascii().strip_prefix(b"\x1e").unwrap_or(&one));
    }
    let mut json = answer.to_json();
    let mut rest = json!({});
    for name in ["kind", "asked", "answered_at", "data", "totals", "classes", "truncated", "next"] {
        if let Some(value) = json.get_mut(name) {
            rest[name] = value.take();
        }
    }
    out.extend_from_slice(b"],");
    out.extend_from_slice(rest.to_string().trim_start_matches('{').as_bytes());
    Ok(out)
}

/// Saves a question: 201, `Location`.
///
/// # Errors
/// 400, 403, 404, 413, 415, 422 with a JSON Pointer.
pub async fn save(
    State(imgis): State<App>,
    caller: Caller,
    base: Base,
    headers: HeaderMap,
    query: Query,
    Body(body): Body,
) -> Result<Response> {
    query.only([])?;
    let body = read(&headers, &body)?;
    let (catalogue, city) = (&imgis.catalogue, &imgis.city);
    let asker = Asker { catalogue, caller: &caller, base: &base.0, city };
    let client = imgis.db.client().await?;
    let saved = saved::save(&client, &asker, &body).await?;
    let json = saved.to_json(&base.0);
    let mut response = super::json(&json, "application/json");
    *response.status_mut() = StatusCode::CREATED;
    if let Some(href) = json["href"].as_str().and_then(|href| HeaderValue::from_str(href).ok()) {
        response.headers_mut().insert(header::LOCATION, href);
    }
    Ok(response)
}

/// The caller's saved questions.
///
/// # Errors
/// 400, 403.
pub async fn list(
    State(imgis): State<App>,
    caller: Caller,
    base: Base,
    headers: HeaderMap,
    query: Query,
) -> Result<Response> {
    let [f] = query.only(["f"])?;
    let client = imgis.db.client().await?;
    let list = saved::list(&client, &caller).await?;
    if offered(&headers, f.as_deref(), &JSON_OR_HTML)? == "html" {
        return Ok(question_page::list(&imgis, &list).into_response());
    }
    let told: Vec<Value> = list.iter().map(|saved| saved.to_json(&base.0)).collect();
    let most = limit::QUESTIONS_SAVED_MAX;
    Ok(super::json(&json!({ "questions": told, "most": most }), "application/json"))
}

/// A saved question and its fresh answer, with the rights of who opens it.
///
/// # Errors
/// 400, 404, 413, 503; 422 for its owner.
pub async fn open(
    State(imgis): State<App>,
    caller: Caller,
    base: Base,
    headers: HeaderMap,
    Path(slug): Path<String>,
    query: Query,
) -> Result<Response> {
    let form = Form::parse(&headers, query, &imgis, &base)?;
    let client = imgis.db.client().await?;
    let saved = saved::open(&client, &slug).await?;
    drop(client);
    let body = saved.body.clone();
    let answer = answered(&imgis, &caller, &base, saved.kind, body, &form).await;
    let answer = answer.map_err(|error| saved.told(&caller, error))?;
    deliver(&imgis, &base, answer, &form, Some(&saved)).await
}

/// Forgets a saved question.
///
/// # Errors
/// 403, 404.
pub async fn forget(
    State(imgis): State<App>,
    caller: Caller,
    Path(slug): Path<String>,
    query: Query,
) -> Result<Response> {
    query.only([])?;
    let client = imgis.db.client().await?;
    saved::forget(&client, &caller, &slug).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
