//! [`Error`] → RFC 9457 `application/problem+json`: the one place. A 500 never explains itself to the
//! client, always to the log with the request id.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::error::Error;

tokio::task_local! {
    static REQUEST_ID: String;
}

static NEXT: AtomicU64 = AtomicU64::new(1);

/// Gives the request an id and logs it with status and time.
pub async fn with_request_id(request: Request, next: Next) -> Response {
    let now = jiff::Timestamp::now().as_microsecond();
    let id = format!("{:x}-{:x}", now, NEXT.fetch_add(1, Ordering::Relaxed));
    let (method, path) = (request.method().clone(), request.uri().path().to_string());
    let started = std::time::Instant::now();
    let mut response = REQUEST_ID.scope(id.clone(), next.run(request)).await;
    let (status, ms) = (response.status().as_u16(), started.elapsed().as_millis());
    tracing::debug!(id, %method, path, status, ms);
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

/// 405 for a method that a path does not have.
pub async fn method(method: Method, uri: Uri) -> Error {
    Error::NotAllowed {
        allow: super::door::methods(uri.path()),
        detail: format!("{} does not take {method}", uri.path()),
    }
}

/// What a refusal says, for the page that a person gets instead of JSON.
#[derive(Clone)]
pub struct Told {
    pub title: &'static str,
    pub detail: Value,
    pub parameter: Value,
}

fn status(error: &Error) -> (StatusCode, &'static str) {
    match error {
        Error::NotFound { .. } => (StatusCode::NOT_FOUND, "not found"),
        Error::Parameter { .. } => (StatusCode::BAD_REQUEST, "a parameter cannot be used"),
        Error::Malformed { .. } => (StatusCode::BAD_REQUEST, "the body cannot be read"),
        Error::Invalid { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "not acceptable as it is"),
        Error::Forbidden(_) => (StatusCode::FORBIDDEN, "not among your rights"),
        Error::NotAllowed { .. } => (StatusCode::METHOD_NOT_ALLOWED, "not changed this way"),
        Error::Conflict(_) => (StatusCode::CONFLICT, "contradicts what is there"),
        Error::Stale(_) | Error::StaleMembers { .. } => {
            (StatusCode::PRECONDITION_FAILED, "changed meanwhile")
        }
        Error::NeedsIfMatch => (StatusCode::PRECONDITION_REQUIRED, "If-Match is missing"),
        Error::MediaType { .. } => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "media type not taken"),
        Error::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "over a limit"),
        Error::Busy(_) => (StatusCode::SERVICE_UNAVAILABLE, "not now"),
        Error::Files(_) | Error::Operator(_) | Error::Internal(_) => {
            (StatusCode::INTERNAL_SERVER_ERROR, "internal error")
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, title) = status(&self);
        let id = REQUEST_ID.try_with(Clone::clone).unwrap_or_default();
        let mut body = json!({
            "type": "about:blank", "title": title, "status": status.as_u16(), "request_id": id,
        });
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            let mut cause = String::new();
            let mut next = std::error::Error::source(&self);
            while let Some(error) = next {
                cause = format!("{cause}: {error}");
                next = error.source();
            }
            tracing::error!(id, "internal error: {self}{cause}");
            body["detail"] = "our fault; quote the request_id to the operator".into();
        } else {
            body["detail"] = self.to_string().into();
        }
        match &self {
            Self::Parameter { parameter, .. } => body["parameter"] = parameter.as_str().into(),
            Self::Invalid { faults } | Self::StaleMembers { faults } => {
                body["pointer"] = faults.first().map_or(Value::Null, |f| f.pointer.clone().into());
                body["errors"] = serde_json::to_value(faults).unwrap_or_default();
            }
            _ => {}
        }
        let mut response = (status, body.to_string()).into_response();
        let (detail, parameter) = (body["detail"].clone(), body["parameter"].clone());
        response.extensions_mut().insert(Told { title, detail, parameter });
        let headers = response.headers_mut();
        let media = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, media);
        match &self {
            Self::NotAllowed { allow, .. } => {
                headers.insert(header::ALLOW, HeaderValue::from_static(allow));
            }
            Self::Busy(_) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
            }
            _ => {}
        }
        response
    }
}
