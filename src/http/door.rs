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
    let for_people =
        request.method() == Method::GET && wants_html(request.headers(), None).unwrap_or_default();
    request.extensions_mut().insert(caller);
    request.extensions_mut().insert(Base(base));
    let mut response = next.run(request).await;
    if for_people && let Some(told) = response.extensions_mut().remove::<super::problem::Told>() {
        let (mut parts, _) = response.into_parts();
        parts.headers.remove(header::CONTENT_LENGTH);
        parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(HTML));
        let page = super::pages::refusal(&imgis, parts.status, &told);
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
        let [f] = self.only(["f"])?;
        json_only(f.as_deref())
    }
}

/// `f` of a resource that is JSON alone.
pub fn json_only(f: Option<&str>) -> Result<()> {
    match f {
        None | Some("json") => Ok(()),
        Some(other) => Err(Error::parameter("f", format!("{other:?} is not served; json is"))),
    }
}

/// The name of the format that is wanted among those that are served; the first is the usual one.
///
/// # Errors
/// 400 `f` for one that is not served. What `Accept` alone cannot have, it does without.
///
/// # Source
/// RFC 9110 §12.5.1.
pub fn offered<'a>(
    headers: &HeaderMap,
    f: Option<&str>,
    offers: &[(&'a str, &str)],
) -> Result<&'a str> {
    if let Some(f) = f {
        return offers.iter().map(|(name, _)| *name).find(|name| *name == f).ok_or_else(|| {
            let names: Vec<&str> = offers.iter().map(|(name, _)| *name).collect();
            Error::parameter("f", format!("{f:?} is not served; {} are", names.join(", ")))
        });
    }
    let accept = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges: Vec<(&str, f32)> = accept
        .flat_map(|list| list.split(','))
        .map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let media = parts.next().unwrap_or_default();
            let q = parts.find_map(|part| part.strip_prefix("q=")).and_then(|q| q.parse().ok());
            (media, q.unwrap_or(1.0))
        })
        .collect();
    // The most precise range that takes a media type says how much it is wanted.
    let wanted = |media: &str| {
        let plain = media.split(';').next().unwrap_or(media);
        let kind = plain.split('/').next().unwrap_or_default();
        let fits = |range: &str| match range {
            "*/*" => 1,
            range
                if range == plain || (range == "application/json" && plain.ends_with("+json")) =>
            {
                3
            }
            range if range.strip_suffix("/*") == Some(kind) => 2,
            _ => 0,
        };
        let best = ranges.iter().filter(|(range, _)| fits(range) > 0);
        best.max_by_key(|(range, _)| fits(range)).map_or(0.0, |(_, q)| *q)
    };
    let mut best = offers.first().ok_or_else(|| Error::internal("no format is offered"))?;
    for offer in offers {
        if wanted(offer.1) > wanted(best.1) {
            best = offer;
        }
    }
    Ok(best.0)
}

/// Whether HTML is wanted before JSON.
pub fn wants_html(headers: &HeaderMap, f: Option<&str>) -> Result<bool> {
    match f {
        Some("html") => Ok(true),
        Some("json") => Ok(false),
        Some(other) => {
            Err(Error::parameter("f", format!("{other:?} is not served; json, html are")))
        }
        None => {
            let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
            let accept = accept.unwrap_or_default();
            let at = |media: &str| accept.find(media).unwrap_or(usize::MAX);
            Ok(at("text/html") < at("application/json").min(at("application/geo+json")))
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
