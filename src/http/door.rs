//! Who comes in by which listener, and what a browser may do across origins.
//!
//! Until sign-in exists: a loopback listener treats a caller as [`Caller::Local`], but one that a page of
//! another origin sends is [`Caller::Public`] and may write nothing. A listener beyond loopback serves
//! [`Caller::Public`] and refuses writes.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header, request::Parts};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::App;
use crate::access::Caller;
use crate::error::{Error, Result};
use crate::question::Kind;

/// A listener.
#[derive(Debug, Clone)]
pub enum Door {
    /// Bound to this machine only.
    Loopback,
    /// Reachable from other machines.
    Open,
    /// Every request is this caller's: for tests of rights.
    As(Caller),
}

/// Address of the server as the client sees it, without a slash at its end.
#[derive(Debug, Clone)]
pub struct Base(pub String);

const CSP: &str = "default-src 'self'; img-src 'self' data: blob:; worker-src 'self' blob:; \
    style-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";

const EXPOSED: &str = "Content-Crs, ETag, Link, OGC-NumberMatched, OGC-NumberReturned, \
    Imgis-Gathered, Imgis-Dropped, Imgis-Tiles, X-Request-Id";

/// Checks Host and Origin, decides who is asking, adds the headers that every answer carries.
pub async fn guard(
    State((imgis, door)): State<(App, Door)>,
    mut request: Request,
    next: Next,
) -> Response {
    let entered = enter(&imgis, &door, request.method(), request.uri().path(), request.headers());
    let (caller, base) = match entered {
        Ok(entered) => entered,
        Err(error) => return error.into_response(),
    };
    if request.method() == Method::OPTIONS {
        return preflight(request.uri().path(), &imgis, &caller);
    }
    let public = caller == Caller::Public;
    let for_people = request.method() == Method::GET && is_for_people(&request);
    let path = request.uri().path().to_string();
    request.extensions_mut().insert(caller);
    request.extensions_mut().insert(Base(base));
    let mut response = next.run(request).await;
    if for_people && let Some(told) = response.extensions_mut().remove::<super::problem::Told>() {
        let (mut parts, _) = response.into_parts();
        parts.headers.remove(header::CONTENT_LENGTH);
        parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(HTML));
        let page = super::pages::refusal(&imgis, parts.status, &path, &told);
        response = Response::from_parts(parts, axum::body::Body::from(page));
    }
    let headers = response.headers_mut();
    let cache = if public { "no-cache" } else { "private, no-cache" };
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static(cache));
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if media.is_some_and(|media| media.starts_with("text/html") || media.contains("json")) {
        headers.append(header::VARY, HeaderValue::from_static("Accept"));
    }
    for (name, value) in [
        ("access-control-allow-origin", "*"),
        ("access-control-expose-headers", EXPOSED),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.append(header::VARY, HeaderValue::from_static("Origin, Sec-Fetch-Site"));
    headers.insert("content-security-policy", HeaderValue::from_static(CSP));
    response
}

/// Whether a refusal is told as a page.
fn is_for_people(request: &Request) -> bool {
    let query = request.uri().query().unwrap_or_default();
    // A format that a resource does not have may be what is refused.
    let f = query
        .split('&')
        .filter_map(|pair| pair.strip_prefix("f="))
        .find(|f| JSON_OR_HTML.iter().any(|(name, _)| name == f));
    let geojson = ("json", "application/geo+json");
    offered(request.headers(), f, &[JSON_OR_HTML[0], geojson, JSON_OR_HTML[1]])
        .is_ok_and(|format| format == "html")
}

fn enter(
    imgis: &App,
    door: &Door,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> Result<(Caller, String)> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let host = text(header::HOST).unwrap_or_default();
    let own = imgis.settings.base_url.as_deref();
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        if port.chars().all(|c| c.is_ascii_digit()) { name } else { host }
    });
    let ours = own.and_then(|base| base.split_once("://")).map(|(_, rest)| rest);
    let known =
        ["localhost", "127.0.0.1", "[::1]"].iter().any(|own| name.eq_ignore_ascii_case(own))
            || ours.is_some_and(|ours| ours.eq_ignore_ascii_case(host));
    if !known {
        return Err(Error::parameter("Host", format!("{host:?} is not a name of this server")));
    }
    let base = own.map_or_else(|| format!("http://{host}"), str::to_string);
    let origin = text(header::ORIGIN);
    let here = format!("http://{host}");
    let writes = match *method {
        Method::GET | Method::HEAD | Method::OPTIONS => false,
        Method::POST => !only_asks(path),
        _ => true,
    };
    let fetch = |name| text(header::HeaderName::from_static(name));
    // A link that a person follows shows its page to that person only, never to the site it stands on.
    let followed = matches!(*method, Method::GET | Method::HEAD)
        && fetch("sec-fetch-mode") == Some("navigate")
        && fetch("sec-fetch-dest").is_none_or(|dest| dest == "document");
    let foreign = origin.is_some_and(|origin| origin != base && origin != here)
        || (fetch("sec-fetch-site") == Some("cross-site") && !followed);
    if writes && foreign {
        let origin = origin.unwrap_or("another site");
        return Err(Error::Forbidden(format!("a page of {origin} may not change anything here")));
    }
    if writes && matches!(door, Door::Open) {
        return Err(Error::Forbidden(
            "nothing is changed through this listener without sign-in".into(),
        ));
    }
    let caller = match door {
        Door::Open => Caller::Public,
        _ if foreign => Caller::Public,
        Door::Loopback => Caller::Local,
        Door::As(caller) => caller.clone(),
    };
    Ok((caller, base))
}

/// Whether a POST to the path asks and changes nothing.
fn only_asks(path: &str) -> bool {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match parts[..] {
        ["search"] => true,
        ["questions", name] => Kind::parse(name).is_some(),
        _ => false,
    }
}

/// What a resource takes.
pub fn methods(path: &str) -> &'static str {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match parts[..] {
        ["collections", _, "items"] => "GET, HEAD, POST, OPTIONS",
        ["collections", _, "items", _] => "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
        ["collections", _, "changesets" | "merge"] | ["collections", _, "items", _, "split"] => {
            "POST, OPTIONS"
        }
        ["applications"] => "GET, HEAD, POST, OPTIONS",
        ["search"] => "POST, OPTIONS",
        ["questions"] => "GET, HEAD, POST, OPTIONS",
        ["questions", name] if Kind::parse(name).is_some() => "POST, OPTIONS",
        ["questions", _] => "GET, HEAD, DELETE, OPTIONS",
        _ => "GET, HEAD, OPTIONS",
    }
}

/// What this caller may do to a resource: an editor asks before it offers its tools. A layer that is not
/// there looks like one that is read-only.
fn allowed(path: &str, imgis: &App, caller: &Caller) -> &'static str {
    let allow = methods(path);
    let mut parts = path.trim_matches('/').split('/');
    let (Some("collections"), Some(id), Some(_)) = (parts.next(), parts.next(), parts.next())
    else {
        return allow;
    };
    let layer = imgis.catalogue.readable_by(caller, id);
    match layer.is_ok_and(|layer| layer.editable_by(caller)) {
        true => allow,
        false if allow.starts_with("GET") => "GET, HEAD, OPTIONS",
        false => "OPTIONS",
    }
}

/// OPTIONS: never 404, since editors ask before they know an id.
fn preflight(path: &str, imgis: &App, caller: &Caller) -> Response {
    let allow = allowed(path, imgis, caller);
    let mut response = axum::http::StatusCode::NO_CONTENT.into_response();
    if allow.contains("PATCH") {
        let media = HeaderValue::from_static(super::editing::PATCH_MEDIA);
        response.headers_mut().insert("accept-patch", media);
    }
    for (name, value) in [
        ("allow", allow),
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", "GET, HEAD, OPTIONS"),
        ("access-control-allow-headers", "Content-Type, If-None-Match, Last-Event-ID"),
        ("access-control-max-age", "3600"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or(Self::Public))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Base {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Error::internal("no base"))
    }
}

/// The query, in order, nothing lost.
pub struct Query(pub Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let axum::extract::Query(pairs): axum::extract::Query<Vec<(String, String)>> =
            axum::extract::Query::from_request_parts(parts, state)
                .await
                .map_err(|error| Error::parameter("query", error.body_text()))?;
        for (name, value) in &pairs {
            // What is not UTF-8 was read as U+FFFD.
            if [name, value].into_iter().any(|text| text.contains(['\0', '\u{fffd}'])) {
                let detail = "holds U+0000, or bytes that are not UTF-8";
                return Err(Error::parameter(name.replace('\0', "%00"), detail));
            }
        }
        Ok(Self(pairs))
    }
}

/// Parts of the path; what cannot be a name of anything is not found.
pub struct Path<T>(pub T);

impl<T: serde::de::DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        if parts.uri.path().contains("%00") {
            return Err(Error::not_found("resource", parts.uri.path()));
        }
        axum::extract::Path::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Path(taken)| Self(taken))
            .map_err(|error| Error::parameter("path", error.body_text()))
    }
}

impl Query {
    /// Takes known parameters; an unknown or repeated one is refused by name.
    pub fn only<const N: usize>(self, names: [&str; N]) -> Result<[Option<String>; N]> {
        let mut values = [const { None }; N];
        for (name, value) in self.0 {
            match names.iter().position(|known| *known == name) {
                Some(at) if values[at].is_none() => values[at] = Some(value),
                Some(_) => return Err(Error::parameter(name, "is given twice")),
                None if names.is_empty() => {
                    return Err(Error::parameter(name, "is not a parameter here; there are none"));
                }
                None => {
                    let detail = format!("is not a parameter here; known are {}", names.join(", "));
                    return Err(Error::parameter(name, detail));
                }
            }
        }
        Ok(values)
    }
}

impl Query {
    /// Takes `f` alone, where only JSON is served.
    pub fn json_only(self) -> Result<()> {
        match self.only(["f"])? {
            [Some(f)] if f != "json" => {
                Err(Error::parameter("f", format!("{f:?} is not served; json is")))
            }
            _ => Ok(()),
        }
    }

    /// Takes `f` alone: which of JSON and HTML is wanted.
    pub fn json_or_html(self, headers: &HeaderMap) -> Result<&'static str> {
        let [f] = self.only(["f"])?;
        offered(headers, f.as_deref(), &JSON_OR_HTML)
    }
}

/// A format's name in `f`, and a media type that it answers to; the first is what is sent unasked.
pub type Offer = (&'static str, &'static str);

/// What most resources offer.
pub const JSON_OR_HTML: [Offer; 2] = [("json", "application/json"), ("html", "text/html")];

/// The offer that is wanted: by `f`, else by the weights of `Accept`. Of equal ones that which is named
/// most exactly, then the one named first. What wants none of them gets the first.
///
/// # Errors
/// 400 for an `f` that is not among them.
///
/// # Source
/// RFC 9110 §12.5.1.
pub fn offered(headers: &HeaderMap, f: Option<&str>, offers: &[Offer]) -> Result<&'static str> {
    if let Some(f) = f {
        let named = offers.iter().find(|(name, _)| *name == f);
        return named.map(|(name, _)| *name).ok_or_else(|| {
            let mut names: Vec<&str> = offers.iter().map(|(name, _)| *name).collect();
            names.dedup();
            let verb = if names.len() > 1 { "are" } else { "is" };
            Error::parameter("f", format!("{f:?} is not served; {} {verb}", names.join(", ")))
        });
    }
    let ranges: Vec<Range<'_>> = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .filter_map(Range::parse)
        .collect();
    let (mut best, mut best_rank) = (offers.first().map_or("json", |(name, _)| *name), None);
    for (name, media) in offers {
        // The most exact range that fits an offer decides on it.
        let fitting = ranges.iter().enumerate().filter_map(|(at, range)| {
            range.fits(media).map(|exact| (exact, std::cmp::Reverse(at), range.weight))
        });
        let Some((exact, place, weight)) = fitting.max() else { continue };
        let rank = Some((weight, exact, place));
        if weight > 0 && rank > best_rank {
            (best, best_rank) = (name, rank);
        }
    }
    Ok(best)
}

/// A range of media types in `Accept`, with its weight in thousandths.
struct Range<'a> {
    media: &'a str,
    weight: u16,
}

impl<'a> Range<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let media = parts.next().filter(|media| media.contains('/'))?;
        let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
        let weight = match weight {
            Some(text) => text.parse().ok().filter(|q| (0.0..=1.0).contains(q))?,
            None => 1.0f32,
        };
        Some(Self { media, weight: (weight * 1000.0).round() as u16 })
    }

    /// How exactly it names a media type.
    fn fits(&self, media: &str) -> Option<u8> {
        // JSON is any kind of it.
        let json = self.media.eq_ignore_ascii_case("application/json") && media.ends_with("+json");
        if self.media.eq_ignore_ascii_case(media) || json {
            return Some(2);
        }
        let (kind, rest) = self.media.split_once('/')?;
        let same = media.split_once('/').is_some_and(|(other, _)| kind.eq_ignore_ascii_case(other));
        match rest == "*" {
            true if same => Some(1),
            true if kind == "*" => Some(0),
            _ => None,
        }
    }
}

/// The body, within the limit.
pub struct Body(pub bytes::Bytes);

impl<S: Send + Sync> axum::extract::FromRequest<S> for Body {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        bytes::Bytes::from_request(request, state).await.map(Self).map_err(|error| {
            if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
                let limit = format!("{} bytes", crate::config::limit::BODY_BYTES_MAX);
                return Error::TooLarge { what: "the body", limit };
            }
            Error::Malformed { detail: error.body_text() }
        })
    }
}

/// The media type of a body must be one of these.
pub fn media_type(headers: &HeaderMap, wanted: &'static str, taken: &[&str]) -> Result<()> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let plain = given.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if taken.iter().any(|media| plain.eq_ignore_ascii_case(media)) {
        return Ok(());
    }
    Err(Error::MediaType { found: format!("{plain:?}"), wanted })
}
