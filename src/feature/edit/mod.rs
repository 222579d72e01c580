//! Editing one feature: the row is locked, the schema and the geometry are checked, the row is written;
//! the table's triggers write change and history in the same transaction.

mod draft;
pub(crate) mod sql;

use deadpool_postgres::Object;
use serde_json::Value as Json;

pub use draft::{Draft, parse_feature};

use super::sql::one;
use crate::access::Caller;
use crate::change::{self, ChangeToken};
use crate::config::City;
use crate::error::{Error, Fault, Result};
use crate::geometry::{Crs, ewkb_of_geojson};
use crate::layer::Layer;

/// What an edit did.
#[derive(Debug, Clone, Copy)]
pub struct Edited {
    pub id: i64,
    pub token: ChangeToken,
}

fn may_edit(layer: &Layer, caller: &Caller) -> Result<()> {
    if !layer.is_editable() {
        let detail = format!("the layer {} is read-only here", layer.id);
        return Err(Error::NotAllowed { allow: "GET, HEAD, OPTIONS", detail });
    }
    if !caller.has_any(&layer.edit) {
        return Err(Error::Forbidden(format!("editing {} is not among your rights", layer.id)));
    }
    Ok(())
}

async fn checked(
    client: &Object,
    draft: &Draft<'_>,
    crs: Crs,
    city: &City,
) -> Result<Option<Vec<u8>>> {
    let Some(geometry) = &draft.geometry else {
        return Ok(None);
    };
    let geometry = if crs.north_first() { flipped(geometry) } else { geometry.clone() };
    let ewkb = ewkb_of_geojson(&geometry, crs.srid())?;
    let report = sql::check_geometry(client, &ewkb, city).await?;
    let fault = |detail: String, place| Error::Invalid {
        faults: vec![Fault { pointer: "/geometry".into(), detail, place }],
    };
    if let Some(reason) = report.reason {
        return Err(fault(format!("the geometry is not valid: {reason}"), report.place));
    }
    if report.outside {
        return Err(fault("the geometry leaves the bounds of the municipality".into(), None));
    }
    Ok(Some(ewkb))
}

/// Whether the geometry was sent back as it was served: then the stored one stays, to the last digit.
async fn is_as_served(
    client: &tokio_postgres::Client,
    layer: &Layer,
    crs: Crs,
    id: i64,
    draft: &Draft<'_>,
) -> Result<bool> {
    let Some(served) = one(client, layer, &[], crs, id).await? else {
        return Ok(false);
    };
    let served: Json = serde_json::from_str(&(served.json + "}")).map_err(Error::internal)?;
    Ok(served.get("geometry").unwrap_or(&Json::Null)
        == draft.geometry.as_ref().unwrap_or(&Json::Null))
}

/// Coordinates in the order latitude, longitude turned round.
fn flipped(geometry: &Json) -> Json {
    fn turn(value: &mut Json) {
        if let Json::Array(list) = value {
            if list.first().is_some_and(Json::is_number) && list.len() >= 2 {
                list.swap(0, 1);
            } else {
                list.iter_mut().for_each(turn);
            }
        }
    }
    let mut geometry = geometry.clone();
    if let Some(coordinates) = geometry.get_mut("coordinates") {
        turn(coordinates);
    }
    geometry
}

/// Creates a feature.
///
/// # Errors
/// 403, 405; 409 a unique value exists; 422 with pointers.
pub async fn create(
    client: &mut Object,
    layer: &Layer,
    caller: &Caller,
    city: &City,
    crs: Crs,
    body: &[u8],
) -> Result<Edited> {
    may_edit(layer, caller)?;
    let draft = parse_feature(body, layer, caller, city)?;
    let ewkb = checked(client, &draft, crs, city).await?;
    let transaction = client.transaction().await?;
    change::sql::set_actor(transaction.client(), caller.name()).await?;
    let id =
        sql::insert(transaction.client(), layer, city.srid, ewkb.as_deref(), &draft.values).await?;
    let token = change::sql::token(transaction.client()).await?;
    transaction.commit().await?;
    Ok(Edited { id, token })
}

/// Replaces a feature whose version is `if_match` (`*`: any).
///
/// # Errors
/// 403, 404, 405, 409, 412, 422, 428.
#[allow(clippy::too_many_arguments)]
pub async fn replace(
    client: &mut Object,
    layer: &Layer,
    caller: &Caller,
    city: &City,
    crs: Crs,
    id: i64,
    if_match: Option<&str>,
    body: &[u8],
) -> Result<Edited> {
    may_edit(layer, caller)?;
    let draft = parse_feature(body, layer, caller, city)?;
    let ewkb = checked(client, &draft, crs, city).await?;
    let transaction = client.transaction().await?;
    held(transaction.client(), layer, caller, id, if_match).await?;
    change::sql::set_actor(transaction.client(), caller.name()).await?;
    let geometry = match is_as_served(transaction.client(), layer, crs, id, &draft).await? {
        true => sql::Replaced::Stays,
        false => sql::Replaced::By(ewkb.as_deref()),
    };
    sql::replace(transaction.client(), layer, city.srid, id, geometry, &draft.values).await?;
    let token = change::sql::token(transaction.client()).await?;
    transaction.commit().await?;
    Ok(Edited { id, token })
}

/// Deletes a feature whose version is `if_match`.
///
/// # Errors
/// 403, 404, 405, 412, 428.
pub async fn delete(
    client: &mut Object,
    layer: &Layer,
    caller: &Caller,
    id: i64,
    if_match: Option<&str>,
) -> Result<Edited> {
    may_edit(layer, caller)?;
    let transaction = client.transaction().await?;
    held(transaction.client(), layer, caller, id, if_match).await?;
    change::sql::set_actor(transaction.client(), caller.name()).await?;
    sql::delete(transaction.client(), layer, id).await?;
    let token = change::sql::token(transaction.client()).await?;
    transaction.commit().await?;
    Ok(Edited { id, token })
}

/// Locks the row and compares its version.
async fn held(
    client: &tokio_postgres::Client,
    layer: &Layer,
    caller: &Caller,
    id: i64,
    if_match: Option<&str>,
) -> Result<()> {
    let missing = || Error::not_found("feature", format!("{}/{id}", layer.id));
    if !sql::lock(client, layer, id).await? {
        return Err(missing());
    }
    let seen = one(client, layer, &layer.readable(caller), Crs::Crs84, id).await?;
    let version = seen.and_then(|item| item.etag).ok_or_else(missing)?;
    let wanted = if_match.ok_or(Error::NeedsIfMatch)?;
    let matches = wanted.split(',').any(|tag| tag.trim() == "*" || tag.trim() == version);
    if !matches {
        return Err(Error::Stale(format!(
            "the feature has changed since: its version is {version}, yours {wanted}"
        )));
    }
    Ok(())
}
