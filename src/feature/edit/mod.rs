//! Editing: the row is locked, the schema, the geometry and the rules of the layer are checked, the row is
//! written; the table's triggers write change and history in the same transaction.
//!
//! One feature here; many at once, and what becomes of their land, in `changeset/`.

mod changeset;
mod check;
mod divide;
mod draft;
pub(crate) mod sql;

use deadpool_postgres::Object;
use serde_json::Value as Json;
use tokio_postgres::Client;

pub use changeset::{Done, change_set, tags};
pub use divide::{merge, split};
pub use draft::{Draft, parse_feature};

use super::page::served;
use super::sql::version;
use crate::access::Caller;
use crate::change::{self, ChangeToken};
use crate::config::City;
use crate::error::{Error, Fault, Result};
use crate::geometry::{Crs, Wire};
use crate::layer::{Layer, Property, Value};
use check::{kept, shaped};
use draft::{Drawn, Form, json};

/// What an edit did.
#[derive(Debug, Clone, Copy)]
pub struct Edited {
    pub id: i64,
    pub token: ChangeToken,
}

/// Where an edit is made, and by whom.
#[derive(Clone)]
pub struct Desk<'a> {
    pub layer: &'a Layer,
    pub caller: &'a Caller,
    pub city: &'a City,
    /// The system of the coordinates that come in.
    pub crs: Crs,
    /// The way to it.
    pub wire: Wire,
}

/// What is written of one feature.
#[derive(Debug)]
struct Write<'a> {
    shape: Shape,
    values: Vec<(&'a Property, Value)>,
}

/// What becomes of a geometry.
#[derive(Debug)]
pub enum Shape {
    /// It stays to the last digit.
    Stays,
    /// It is this EWKB, or none.
    Is(Option<Vec<u8>>),
}

/// Whether a version is the one that the caller read.
enum Held {
    Yes,
    Absent,
    Unnamed,
    Stale(String),
}

impl<'a> Desk<'a> {
    fn form(&self) -> Form<'a> {
        Form { layer: self.layer, caller: self.caller, city: self.city }
    }

    fn may_edit(&self) -> Result<()> {
        let layer = self.layer;
        if !layer.is_editable() {
            let detail = format!("the layer {} is read-only here", layer.id);
            return Err(Error::NotAllowed { allow: "GET, HEAD, OPTIONS", detail });
        }
        if !layer.editable_by(self.caller) {
            let detail = format!("editing {} is not among your rights", layer.id);
            return Err(Error::Forbidden(detail));
        }
        Ok(())
    }

    fn missing(&self, id: i64) -> Error {
        Error::not_found("feature", format!("{}/{id}", self.layer.id))
    }

    /// Locks the row and compares its version.
    async fn hold(&self, client: &Client, id: i64, if_match: Option<&str>) -> Result<Held> {
        if !sql::lock(client, self.layer, id).await? {
            return Ok(Held::Absent);
        }
        let Some(wanted) = if_match else {
            let needed = self.caller.needs_if_match();
            return Ok(if needed { Held::Unnamed } else { Held::Yes });
        };
        let named =
            |version: &str| wanted.split(',').any(|tag| tag.trim() == "*" || tag.trim() == version);
        let readable = self.layer.readable(self.caller);
        let Some(present) = version(client, self.layer, &readable, id).await? else {
            return Ok(Held::Absent);
        };
        if named(&present) {
            return Ok(Held::Yes);
        }
        Ok(Held::Stale(format!(
            "the feature has changed since: its version is {present}, yours {wanted}"
        )))
    }

    async fn held(&self, client: &Client, id: i64, if_match: Option<&str>) -> Result<()> {
        match self.hold(client, id, if_match).await? {
            Held::Yes => Ok(()),
            Held::Absent => Err(self.missing(id)),
            Held::Unnamed => Err(Error::NeedsIfMatch),
            Held::Stale(detail) => Err(Error::Stale(detail)),
        }
    }

    /// The geometry of a feature as it is served in the system of the edit.
    async fn served(&self, client: &Client, id: i64) -> Result<Json> {
        let served = served(client, self.layer, &self.wire, id).await?;
        Ok(served.unwrap_or(Json::Null))
    }

    /// Edits that a rule compares with their neighbours wait for each other.
    async fn in_turn(&self, client: &Client, drawn: bool) -> Result<()> {
        if drawn && self.layer.rules.overlap_m2.is_some() {
            sql::take_turn(client, self.layer).await?;
        }
        Ok(())
    }
}

fn sound(faults: Vec<Fault>) -> Result<()> {
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid { faults }) }
}

/// Creates a feature.
///
/// # Errors
/// 403, 405; 409 a unique value exists; 422 with pointers.
pub async fn create(client: &mut Object, desk: &Desk<'_>, body: &[u8]) -> Result<Edited> {
    desk.may_edit()?;
    let draft = parse_feature(body, desk.layer, desk.caller, desk.city)?;
    let transaction = client.transaction().await?;
    let at = transaction.client();
    let mut faults = Vec::new();
    let shape = shaped(at, desk, &draft.geometry, "/geometry", &mut faults).await?;
    sound(faults)?;
    desk.in_turn(at, matches!(shape, Shape::Is(Some(_)))).await?;
    change::sql::set_actor(at, desk.caller.name()).await?;
    let write = Write { shape, values: draft.values };
    let id = sql::insert(at, desk.layer, desk.city.srid, &write).await?;
    finish(transaction, desk, id, true).await
}

/// Replaces a feature whose version is `if_match` (`*`: any).
///
/// # Errors
/// 403, 404, 405, 409, 412, 422, 428.
pub async fn replace(
    client: &mut Object,
    desk: &Desk<'_>,
    id: i64,
    if_match: Option<&str>,
    body: &[u8],
) -> Result<Edited> {
    desk.may_edit()?;
    let draft = parse_feature(body, desk.layer, desk.caller, desk.city)?;
    let transaction = client.transaction().await?;
    desk.in_turn(transaction.client(), true).await?;
    desk.held(transaction.client(), id, if_match).await?;
    let draft = as_served(transaction.client(), desk, id, draft).await?;
    written(transaction, desk, id, draft).await
}

/// Merges a patch into a feature whose version is `if_match`: what it does not name stays, null removes.
///
/// # Errors
/// 403, 404, 405, 409, 412, 422, 428.
pub async fn patch(
    client: &mut Object,
    desk: &Desk<'_>,
    id: i64,
    if_match: Option<&str>,
    body: &[u8],
) -> Result<Edited> {
    desk.may_edit()?;
    let patch = json(body)?;
    let transaction = client.transaction().await?;
    let at = transaction.client();
    let drawn = patch.get("geometry").is_some();
    desk.in_turn(at, drawn).await?;
    desk.held(at, id, if_match).await?;
    let served = if drawn { desk.served(at, id).await? } else { Json::Null };
    let mut faults = Vec::new();
    let draft = desk.form().patch(&patch, id, &served, "", &mut faults);
    sound(faults)?;
    written(transaction, desk, id, draft).await
}

/// Deletes a feature whose version is `if_match`.
///
/// # Errors
/// 403, 404, 405, 412, 428.
pub async fn delete(
    client: &mut Object,
    desk: &Desk<'_>,
    id: i64,
    if_match: Option<&str>,
) -> Result<Edited> {
    desk.may_edit()?;
    let transaction = client.transaction().await?;
    let at = transaction.client();
    desk.held(at, id, if_match).await?;
    change::sql::set_actor(at, desk.caller.name()).await?;
    sql::delete(at, desk.layer, id).await?;
    finish(transaction, desk, id, false).await
}

/// A geometry that was sent back as it is served stays to the last digit.
async fn as_served<'a>(
    client: &Client,
    desk: &Desk<'_>,
    id: i64,
    mut draft: Draft<'a>,
) -> Result<Draft<'a>> {
    let served = desk.served(client, id).await?;
    let same = match &draft.geometry {
        Drawn::Stays => true,
        Drawn::Nothing => served.is_null(),
        Drawn::As(geometry) => *geometry == served,
    };
    if same {
        draft.geometry = Drawn::Stays;
    }
    Ok(draft)
}

/// Writes a draft over a feature that is held.
async fn written(
    transaction: deadpool_postgres::Transaction<'_>,
    desk: &Desk<'_>,
    id: i64,
    draft: Draft<'_>,
) -> Result<Edited> {
    let at = transaction.client();
    let mut faults = Vec::new();
    let shape = shaped(at, desk, &draft.geometry, "/geometry", &mut faults).await?;
    sound(faults)?;
    let drawn = !matches!(shape, Shape::Stays);
    change::sql::set_actor(at, desk.caller.name()).await?;
    let write = Write { shape, values: draft.values };
    sql::replace(at, desk.layer, desk.city.srid, id, &write).await?;
    finish(transaction, desk, id, drawn).await
}

/// Looks whether the rules are kept, and commits.
async fn finish(
    transaction: deadpool_postgres::Transaction<'_>,
    desk: &Desk<'_>,
    id: i64,
    drawn: bool,
) -> Result<Edited> {
    let at = transaction.client();
    if drawn {
        sound(kept(at, desk.layer, &[(id, "/geometry".into())]).await?)?;
    }
    let token = change::sql::token(at).await?;
    transaction.commit().await?;
    Ok(Edited { id, token })
}
