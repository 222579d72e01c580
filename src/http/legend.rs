//! The legend of a layer on the wire: as JSON, and as a picture.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::App;
use super::door::{Path, Query};
use crate::access::Caller;
use crate::error::{Error, Result};
use crate::layer::Layer;
use crate::style::Theme;

/// `/legend/{layer}`, and with `.svg` the picture.
///
/// # Errors
/// 400 naming the parameter; 404 unknown or unreadable layer.
pub async fn legend(
    State(imgis): State<App>,
    caller: Caller,
    query: Query,
    Path(path): Path<String>,
) -> Result<Response> {
    let Some(id) = path.strip_suffix(".svg") else {
        let [theme] = query.only(["theme"])?;
        let theme = theme_of(theme)?;
        let layer = layer_of(&imgis, &caller, &path)?;
        let entries = imgis.styles.legend(theme, &layer);
        let body = json!({ "layer": layer.id, "title": layer.title, "entries": entries });
        return Ok(super::json(&body, "application/json"));
    };
    let [theme, lang] = query.only(["theme", "lang"])?;
    let theme = theme_of(theme)?;
    let lang = lang_of(lang)?;
    let layer = layer_of(&imgis, &caller, id)?;
    let picture = imgis.styles.legend_svg(theme, &layer, lang)?;
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], picture).into_response())
}

fn layer_of(imgis: &App, caller: &Caller, id: &str) -> Result<Layer> {
    Ok(imgis.catalogue.readable_by(caller, id)?.seen_by(caller))
}

fn theme_of(name: Option<String>) -> Result<Theme> {
    let name = name.unwrap_or_else(|| "light".into());
    Theme::named(&name)
        .ok_or_else(|| Error::parameter("theme", format!("{name:?} is not light or dark")))
}

fn lang_of(name: Option<String>) -> Result<&'static str> {
    match name.as_deref() {
        None | Some("ru") => Ok("ru"),
        Some("en") => Ok("en"),
        Some(other) => Err(Error::parameter("lang", format!("{other:?} is not ru or en"))),
    }
}
