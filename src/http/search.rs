//! `POST /search`: a question that does not fit an address, such as one with a large polygon. The answer
//! has the shape of a page of items; `next` is a link to be sent again with the body that it holds.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::App;
use super::door::{Base, Body, Query, media_type, offered};
use super::exports::options;
use super::items::{Asked, FORMATS, given, wants_exact};
use crate::access::Caller;
use crate::error::{Error, Result};
use crate::feature::{Asker, FeatureQuery};

/// Searches one layer.
///
/// The body: `collection`, and any parameter of items by its name; `filter` as CQL2 JSON, or as text;
/// `bbox` as numbers or text, lists as lists or texts.
///
/// # Errors
/// 400 naming the member; 404 unknown or unreadable layer; 415.
pub async fn search(
    State(imgis): State<App>,
    caller: Caller,
    base: Base,
    headers: HeaderMap,
    query: Query,
    Body(body): Body,
) -> Result<Response> {
    media_type(&headers, "application/json", &["application/json", "application/cql2+json"])?;
    let [f] = query.only(["f"])?;
    let json: Value = serde_json::from_slice(&body)
        .map_err(|error| Error::Malformed { detail: format!("the body is not JSON: {error}") })?;
    let Value::Object(mut members) = json else {
        return Err(Error::invalid("", "an object is wanted"));
    };
    let collection = match members.remove("collection") {
        Some(Value::String(id)) => id,
        _ => return Err(Error::parameter("collection", "the name of a layer is wanted")),
    };
    let filter = members.remove("filter");
    let mut params = members.into_iter().map(parameter).collect::<Result<Vec<_>>>()?;
    params.extend(f.map(|f| ("f".to_string(), f)));
    let layer = imgis.catalogue.readable_by(&caller, &collection)?;
    let asker = Asker { layer, caller: &caller, base: &base.0, city: &imgis.city };
    let query = FeatureQuery::parse_with(asker, &params, filter.as_ref())?;
    let again = Again { collection, filter };
    let format = offered(&headers, given(&params, "f"), &FORMATS)?;
    let asked = Asked {
        imgis: &imgis,
        layer,
        query,
        path: format!("{}/search", base.0),
        params: &params,
        base: &base.0,
        exact: wants_exact(&headers),
        again: Some(again),
        options: options(given(&params, "bom"), given(&params, "lang"))?,
    };
    asked.answer(format).await
}

/// What a search is sent again with.
#[derive(Clone)]
pub struct Again {
    collection: String,
    filter: Option<Value>,
}

impl Again {
    /// The body of the next page.
    pub fn body(&self, params: &[(String, String)], cursor: &str) -> Value {
        let mut body = Map::new();
        body.insert("collection".into(), json!(self.collection));
        body.extend(self.filter.clone().map(|filter| ("filter".to_string(), filter)));
        let kept = params.iter().filter(|(name, _)| name != "cursor" && name != "offset");
        body.extend(kept.map(|(name, value)| (name.clone(), json!(value))));
        body.insert("cursor".into(), json!(cursor));
        Value::Object(body)
    }
}

/// A member as a parameter of items has it.
fn parameter((name, value): (String, Value)) -> Result<(String, String)> {
    let word = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(yes) => Ok(yes.to_string()),
        _ => Err(Error::parameter(&name, "a text, a number or a list of them is wanted")),
    };
    let text = match &value {
        Value::Array(list) => list.iter().map(word).collect::<Result<Vec<_>>>()?.join(","),
        one => word(one)?,
    };
    Ok((name, text))
}
