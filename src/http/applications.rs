//! Applications on the wire.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::App;
use super::door::{Base, Body, Path, Query, media_type};
use super::{editing, pages};
use crate::access::Caller;
use crate::application::{self, Arrival, sql};
use crate::config::limit;
use crate::error::{Error, Result};

/// The services of the municipality, each with the term in force today.
pub async fn services(State(imgis): State<App>, query: Query) -> Result<Response> {
    query.only([])?;
    let today = jiff::Timestamp::now().to_zoned(imgis.city.zone()).date();
    let services: Vec<Value> = imgis
        .office
        .services
        .all()
        .iter()
        .map(|service| {
            let term = service.term_on(today);
            json!({
                "id": service.id, "title": service.title, "division": service.division,
                "term": term.map(|term| json!({ "days": term.days, "unit": term.unit })),
                "documents": service.documents,
            })
        })
        .collect();
    Ok(super::json(&json!(services), "application/json"))
}

/// The newest applications, for staff.
///
/// # Errors
/// 400, 403.
pub async fn list(State(imgis): State<App>, caller: Caller, query: Query) -> Result<Response> {
    let [limit] = query.only(["limit"])?;
    application::may_see(&caller)?;
    let limit = match limit {
        None => 50,
        Some(text) => text.parse::<i64>().ok().filter(|limit| *limit >= 1).ok_or_else(|| {
            Error::parameter("limit", format!("{text:?} is not a whole number of at least 1"))
        })?,
    };
    let client = imgis.db.client().await?;
    let list = sql::newest(&client, limit.min(limit::APPLICATIONS_MAX), None).await?;
    Ok(super::json(&json!({ "applications": list }), "application/json"))
}

/// Registers an application: raw bytes first, then one transaction to the receipt.
///
/// # Errors
/// 400 not JSON; 403; 409 the Idempotency-Key came with another body; 415; 422 with pointers.
pub async fn submit(
    State(imgis): State<App>,
    caller: Caller,
    base: Base,
    headers: HeaderMap,
    query: Query,
    Body(body): Body,
) -> Result<Response> {
    query.only([])?;
    media_type(&headers, "application/json", &["application/json"])?;
    let key =
        match headers.get("idempotency-key") {
            None => None,
            Some(value) => Some(value.to_str().map_err(|_| {
                Error::parameter("Idempotency-Key", "wants 1 … 200 ASCII characters")
            })?),
        };
    let arrival = Arrival {
        channel: "other",
        content_type: "application/json",
        body: &body,
        idempotency_key: key,
    };
    let mut client = imgis.db.client().await?;
    let now = jiff::Timestamp::now();
    let submitted = application::submit(
        &mut client,
        &imgis.office,
        &imgis.catalogue,
        &imgis.city,
        &caller,
        arrival,
        now,
    )
    .await?;
    drop(client);
    let media = [(header::CONTENT_TYPE, "application/json")];
    let mut response = (StatusCode::CREATED, media, submitted.receipt.to_string()).into_response();
    let location = format!("{}/applications/{}", base.0, submitted.number);
    if let Ok(value) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    Ok(match submitted.token {
        Some(token) => editing::settled(&imgis, token, response).await,
        None => response,
    })
}

/// One application, for staff.
///
/// # Errors
/// 403, 404.
pub async fn one(
    State(imgis): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Path(number): Path<String>,
    query: Query,
) -> Result<Response> {
    let format = query.json_or_html(&headers)?;
    application::may_see(&caller)?;
    let client = imgis.db.client().await?;
    let found = sql::one(&client, &number).await?;
    if format == "html" {
        return Ok(pages::application(&imgis, &found).into_response());
    }
    Ok(super::json(&found, "application/json"))
}
