//! The embedded map application, styles and sprites.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use serde_json::json;

use super::App;
use super::door::{Base, Path, Query};
use crate::access::Caller;
use crate::error::{Error, Result};
use crate::style::{Text, Theme};

#[derive(RustEmbed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Web;

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>IMGIS</title>\
    <p>The map application is not built into this program. Build it with <code>make web</code>, then \
    build the program again. The API is at <a href=\"/?f=json\">/?f=json</a>.</p></html>";

/// The page of the map application.
pub fn index() -> Response {
    match Web::get("index.html") {
        Some(file) => {
            let headers = [
                (header::CONTENT_TYPE, "text/html; charset=utf-8"),
                (header::CACHE_CONTROL, "no-cache"),
            ];
            (headers, file.data).into_response()
        }
        None => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], NOT_BUILT).into_response(),
    }
}

/// `/map`.
pub async fn map() -> Response {
    index()
}

fn media(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

/// A file of the map application; in brotli where the build made one.
///
/// # Errors
/// 404.
pub async fn file(uri: Uri, headers: HeaderMap) -> Result<Response> {
    let path = uri.path().trim_start_matches('/');
    let missing = || Error::not_found("resource", uri.path());
    let plain = Web::get(path).ok_or_else(missing)?;
    let hash = plain.metadata.sha256_hash();
    let etag: String = hash[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let etag = format!("\"{etag}\"");
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let hashed = path.starts_with("assets/");
    let cache = if hashed { "public, max-age=31536000, immutable" } else { "public, no-cache" };
    if text(header::IF_NONE_MATCH) == Some(etag.as_str()) {
        let headers = [(header::ETAG, etag), (header::CACHE_CONTROL, cache.to_string())];
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let wants_br = text(header::ACCEPT_ENCODING).is_some_and(|accepted| accepted.contains("br"));
    let packed = wants_br.then(|| Web::get(&format!("{path}.br"))).flatten();
    let coded = packed.is_some();
    let data = packed.unwrap_or(plain).data;
    let mut response = data.into_response();
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(media(path)));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    out.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        out.insert(header::ETAG, etag);
    }
    if coded {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    Ok(response)
}

/// The styles that there are.
pub async fn styles(
    State(imgis): State<App>,
    base: Base,
    headers: HeaderMap,
    query: Query,
) -> Result<Response> {
    let format = query.json_or_html(&headers)?;
    let style = |id: &str, title: &str| {
        json!({ "id": id, "title": title, "links": [
            { "rel": "stylesheet", "type": "application/vnd.mapbox.style+json",
              "href": format!("{}/styles/{id}", base.0) },
        ] })
    };
    let body = json!({ "styles": [style("light", "Light"), style("dark", "Dark"),
                                         style("print", "For paper")] });
    let page = |body: &serde_json::Value| super::pages::about::styles(&imgis, body);
    Ok(super::either(format, &body, "application/json", page))
}

/// A MapLibre style with what the caller may read; URLs absolute. `text`: `faces` (font files, for browsers)
/// or `glyphs` (for QGIS and MapLibre Native).
///
/// # Errors
/// 400, 404.
pub async fn style(
    State(imgis): State<App>,
    caller: Caller,
    base: Base,
    Path(theme): Path<String>,
    query: Query,
) -> Result<Response> {
    let [text] = query.only(["text"])?;
    let text = match text.as_deref() {
        None | Some("faces") => Text::Faces,
        Some("glyphs") => Text::Glyphs,
        Some(other) => {
            let detail = format!("{other:?} is not served; faces and glyphs are");
            return Err(Error::parameter("text", detail));
        }
    };
    let theme = Theme::named(&theme).ok_or_else(|| Error::not_found("style", &theme))?;
    let style = imgis.styles.style(theme, text, &imgis.catalogue, &caller, &base.0);
    let mut response = super::json(&style, "application/json");
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// Glyphs of a font.
///
/// # Errors
/// 404.
pub async fn glyphs(
    State(imgis): State<App>,
    Path((fonts, range)): Path<(String, String)>,
) -> Result<Response> {
    let bytes = imgis.styles.glyphs(&fonts, &range)?;
    let headers = [
        (header::CONTENT_TYPE, "application/x-protobuf"),
        (header::CACHE_CONTROL, "public, max-age=86400"),
    ];
    Ok((headers, bytes).into_response())
}

/// A sprite file.
///
/// # Errors
/// 404.
pub async fn sprite(State(imgis): State<App>, Path(name): Path<String>) -> Result<Response> {
    let bytes = imgis.styles.sprite(&name)?;
    let headers = [(header::CONTENT_TYPE, media(&name)), (header::CACHE_CONTROL, "no-cache")];
    Ok((headers, bytes).into_response())
}
