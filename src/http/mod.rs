//! The web door: routes, wire shapes, problem+json, the embedded map application. No rule and no SQL here.

mod api;
mod applications;
mod assets;
mod changes;
mod changesets;
mod collections;
mod door;
mod dossier;
mod editing;
mod exports;
mod flow;
mod history;
mod items;
mod legend;
mod link;
mod look;
mod metrics;
mod pages;
mod problem;
mod question_page;
mod questions;
mod schemas;
mod search;
mod tiles;
mod tilesets;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};

pub use door::Door;

use crate::config::limit;
use crate::imgis::Imgis;

/// What every handler stands on.
pub type App = Arc<Imgis>;

/// The whole HTTP interface behind a door.
pub fn router(imgis: App, door: Door) -> Router {
    Router::new()
        .route("/", get(collections::landing))
        .route("/map", get(assets::map))
        .route("/conformance", get(collections::conformance))
        .route("/api", get(api::document))
        .route("/api.html", get(api::page))
        .route("/collections", get(collections::list))
        .route("/collections/{id}", get(collections::one))
        .route("/collections/{id}/items", get(items::page).post(editing::create))
        .route(
            "/collections/{id}/items/{fid}",
            get(items::one).put(editing::replace).patch(editing::patch).delete(editing::delete),
        )
        .route("/collections/{id}/items/{fid}/history", get(history::history))
        .route("/collections/{id}/items/{fid}/lineage", get(history::lineage))
        .route("/collections/{id}/items/{fid}/split", post(changesets::split))
        .route("/collections/{id}/merge", post(changesets::merge))
        .route("/collections/{id}/changesets", post(changesets::create))
        .route("/collections/{id}/queryables", get(schemas::queryables))
        .route("/collections/{id}/schema", get(schemas::schema))
        .route("/collections/{id}/sortables", get(schemas::sortables))
        .route("/functions", get(schemas::functions))
        .route("/search", post(search::search))
        .route("/questions", get(questions::list).post(questions::save))
        .route(
            "/questions/{name}",
            get(questions::open).post(questions::ask).delete(questions::forget),
        )
        .route("/collections/{id}/tiles", get(tilesets::of_layer))
        .route("/collections/{id}/tiles/{grid}", get(tilesets::layer))
        .route("/collections/{id}/tiles/{grid}/{z}/{row}/{col}", get(tilesets::layer_tile))
        .route("/tileMatrixSets", get(tilesets::grids))
        .route("/tileMatrixSets/{id}", get(tilesets::grid))
        .route("/tiles", get(tilesets::of_city))
        .route("/crs/{id}", get(collections::crs))
        .route("/layers", get(look::layers))
        .route("/identify", get(look::identify))
        .route("/find", get(look::find))
        .route("/services", get(applications::services))
        .route("/applications", get(applications::list).post(applications::submit))
        .route("/applications/{number}", get(applications::one))
        .route("/parcels/{number}", get(dossier::dossier))
        .route("/tiles/{layers}", get(tiles::tile_json))
        .route("/tiles/{layers}/{z}/{x}/{y}", get(tiles::tile))
        .route("/styles", get(assets::styles))
        .route("/styles/{theme}", get(assets::style))
        .route("/glyphs/{fonts}/{range}", get(assets::glyphs))
        .route("/sprites/{name}", get(assets::sprite))
        .route("/legend/{layer}", get(legend::legend))
        .route("/changes", get(changes::stream))
        .route("/metrics", get(metrics::metrics))
        .route("/healthz", get(look::health))
        .route("/readyz", get(look::ready))
        .fallback(assets::file)
        .method_not_allowed_fallback(problem::method)
        .layer(DefaultBodyLimit::max(limit::BODY_BYTES_MAX))
        .layer(from_fn_with_state((imgis.clone(), door), door::guard))
        .layer(from_fn(problem::with_request_id))
        .with_state(imgis)
}

/// A JSON answer of a media type.
fn json(body: &serde_json::Value, media: &'static str) -> axum::response::Response {
    use axum::response::IntoResponse;
    let header = [(axum::http::header::CONTENT_TYPE, media)];
    (header, body.to_string()).into_response()
}

/// JSON, or the page that is made from the same document.
fn either(
    format: &str,
    body: &serde_json::Value,
    media: &'static str,
    page: impl FnOnce(&serde_json::Value) -> axum::response::Html<String>,
) -> axum::response::Response {
    use axum::http::{HeaderValue, header};
    use axum::response::IntoResponse;
    if format == "html" {
        return page(body).into_response();
    }
    let mut response = json(body, media);
    let link = "<?f=html>; rel=\"alternate\"; type=\"text/html\"";
    response.headers_mut().insert(header::LINK, HeaderValue::from_static(link));
    response
}
