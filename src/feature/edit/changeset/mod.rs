//! A change set: edits of one layer that are made together or not at all; every fault of every member is
//! told at once. With `lineage` the land before and after is compared and kept.

mod body;
mod lineage;
pub(crate) mod sql;

use std::collections::HashMap;

use deadpool_postgres::Object;
use serde_json::Value as Json;
use tokio_postgres::Client;

pub(super) use body::{comment, id};

use super::draft::{Draft, json};
use super::sql as edit;
use super::{Desk, Held, Shape, Write, as_served, kept, shaped, sound};
use crate::change::{self, ChangeToken};
use crate::error::{Error, Fault, Result};
use crate::feature::sql::version;

/// What a change set did.
#[derive(Debug)]
pub struct Done {
    pub changeset: i64,
    pub comment: Option<String>,
    pub token: ChangeToken,
    /// In the order of the members of each list.
    pub inserted: Vec<i64>,
    pub replaced: Vec<i64>,
    pub updated: Vec<i64>,
    pub deleted: Vec<i64>,
}

/// What is done to a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Insert,
    Replace,
    Update,
    Delete,
}

/// What is to be done, each fault of which is told at its pointer.
#[derive(Default)]
pub(super) struct Plan<'a> {
    pub comment: Option<String>,
    pub members: Vec<Member<'a>>,
    pub lineage: Vec<Line>,
}

/// One feature of a plan.
pub(super) struct Member<'a> {
    pub op: Op,
    /// Its place in the body.
    pub at: String,
    /// The feature that is there; an insert has none.
    pub id: Option<i64>,
    pub if_match: Option<String>,
    pub content: Content<'a>,
}

/// What a member says, with its place.
pub(super) enum Content<'a> {
    None,
    Draft(Draft<'a>, String),
    Patch(Json, String),
    Ready(Write<'a>),
}

/// What the land of features became.
pub(super) struct Line {
    pub at: String,
    pub from: Vec<i64>,
    pub to: Vec<Child>,
    pub kind: Kind,
}

/// A feature after the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Child {
    /// The insert of this place.
    Insert(usize),
    Feature(i64),
}

/// How land passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Split,
    Merge,
    Redraw,
}

impl Kind {
    /// The word of the database and of the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Split => "split",
            Self::Merge => "merge",
            Self::Redraw => "redraw",
        }
    }
}

/// Makes the edits of a body, all or nothing.
///
/// # Errors
/// 403, 405; 412 when nothing but versions is wrong, else 422, both with the pointers of all members.
pub async fn change_set(client: &mut Object, desk: &Desk<'_>, body: &[u8]) -> Result<Done> {
    desk.may_edit()?;
    let mut faults = Vec::new();
    let plan = body::read(desk.form(), &json(body)?, &mut faults)?;
    let transaction = client.transaction().await?;
    let done = carry_out(transaction.client(), desk, plan, faults).await?;
    transaction.commit().await?;
    Ok(done)
}

/// The present versions of features, for the answer to a change set.
///
/// # Errors
/// As any statement.
pub async fn tags(client: &Client, desk: &Desk<'_>, ids: &[i64]) -> Result<Vec<Option<String>>> {
    let readable = desk.layer.readable(desk.caller);
    let mut tags = Vec::with_capacity(ids.len());
    for id in ids {
        tags.push(version(client, desk.layer, &readable, *id).await?);
    }
    Ok(tags)
}

/// Carries a plan out inside the running transaction; `faults` are those that its reading found.
pub(super) async fn carry_out(
    client: &Client,
    desk: &Desk<'_>,
    plan: Plan<'_>,
    mut faults: Vec<Fault>,
) -> Result<Done> {
    desk.in_turn(client, true).await?;
    let mut stale = Vec::new();
    let absent = hold(client, desk, &plan, &mut faults, &mut stale).await?;
    let mut writes = Vec::with_capacity(plan.members.len());
    let mut ops = Vec::with_capacity(plan.members.len());
    for member in plan.members {
        let there = member.id.is_none_or(|id| !absent.contains(&id));
        ops.push((member.op, member.at, member.id));
        writes.push(match there {
            true => write(client, desk, member.id, member.content, &mut faults).await?,
            false => Write { shape: Shape::Stays, values: Vec::new() },
        });
    }
    let lands = lineage::lands(client, desk.layer, &plan.lineage, &mut faults).await?;
    if faults.is_empty() && !stale.is_empty() {
        return Err(Error::StaleMembers { faults: stale });
    }
    faults.append(&mut stale);
    sound(std::mem::take(&mut faults))?;
    let count = |wanted| ops.iter().filter(|(op, ..)| *op == wanted).count() as i32;
    let counts = [Op::Insert, Op::Replace, Op::Update, Op::Delete].map(count);
    let actor = desk.caller.name();
    let changeset = sql::open(client, desk.layer, actor, plan.comment.as_deref(), counts).await?;
    change::sql::set_actor(client, actor).await?;
    let mut ids = vec![0; ops.len()];
    let mut drawn = Vec::new();
    // What goes makes room for what comes: land, and values that only one feature may have.
    for wanted in [Op::Delete, Op::Replace, Op::Update, Op::Insert] {
        for (n, (op, at, id)) in ops.iter().enumerate().filter(|(_, (op, ..))| *op == wanted) {
            edit::mark(client).await?;
            let made = apply(client, desk, *op, *id, &writes[n]).await;
            edit::unmark(client, made.is_ok()).await?;
            match made {
                Ok(id) => ids[n] = id,
                Err(error) => told(at, error, &mut faults)?,
            }
            if *op != Op::Delete && !matches!(writes[n].shape, Shape::Stays) {
                drawn.push((ids[n], format!("{at}/geometry")));
            }
        }
    }
    sound(std::mem::take(&mut faults))?;
    faults.extend(kept(client, desk.layer, &drawn).await?);
    let of = |wanted| -> Vec<i64> {
        ops.iter().zip(&ids).filter(|((op, ..), _)| *op == wanted).map(|(_, id)| *id).collect()
    };
    let inserted = of(Op::Insert);
    for line in &plan.lineage {
        let made = lineage::keep(client, desk.layer, changeset, line, &lands, &inserted).await?;
        faults.extend(made);
    }
    sound(faults)?;
    let token = change::sql::token(client).await?;
    let (replaced, updated, deleted) = (of(Op::Replace), of(Op::Update), of(Op::Delete));
    Ok(Done { changeset, comment: plan.comment, token, inserted, replaced, updated, deleted })
}

/// Locks the rows in the order of their ids, so that two change sets never wait for each other; those
/// that are not there.
async fn hold(
    client: &Client,
    desk: &Desk<'_>,
    plan: &Plan<'_>,
    faults: &mut Vec<Fault>,
    stale: &mut Vec<Fault>,
) -> Result<Vec<i64>> {
    let mut members: Vec<(i64, &Member<'_>)> =
        plan.members.iter().filter_map(|member| Some((member.id?, member))).collect();
    members.sort_by_key(|(id, _)| *id);
    let mut absent = Vec::new();
    for (id, member) in members {
        let at = &member.at;
        match desk.hold(client, id, member.if_match.as_deref()).await? {
            Held::Yes => {}
            Held::Absent => {
                absent.push(id);
                let detail = format!("there is no feature {id} in {}", desk.layer.id);
                faults.push(Fault::new(format!("{at}/id"), detail));
            }
            Held::Unnamed => {
                let detail = "is missing: send the ETag of the version that you read";
                faults.push(Fault::new(format!("{at}/if_match"), detail));
            }
            Held::Stale(detail) => stale.push(Fault::new(format!("{at}/if_match"), detail)),
        }
    }
    Ok(absent)
}

/// What is written of a member; its faults are noted.
async fn write<'a>(
    client: &Client,
    desk: &Desk<'a>,
    id: Option<i64>,
    content: Content<'a>,
    faults: &mut Vec<Fault>,
) -> Result<Write<'a>> {
    let (draft, at) = match (content, id) {
        (Content::Ready(write), _) => return Ok(write),
        (Content::Draft(draft, at), Some(id)) => (as_served(client, desk, id, draft).await?, at),
        (Content::Draft(draft, at), None) => (draft, at),
        (Content::Patch(patch, at), Some(id)) => {
            let drawn = patch.get("geometry").is_some();
            let served = if drawn { desk.served(client, id).await? } else { Json::Null };
            (desk.form().patch(&patch, id, &served, &at, faults), at)
        }
        (Content::None | Content::Patch(..), _) => {
            return Ok(Write { shape: Shape::Stays, values: Vec::new() });
        }
    };
    let place = format!("{at}/geometry");
    if faults.iter().any(|fault| fault.pointer.starts_with(&place)) {
        return Ok(Write { shape: Shape::Stays, values: Vec::new() });
    }
    edit::mark(client).await?;
    let before = faults.len();
    let shape = shaped(client, desk, &draft.geometry, &place, faults).await?;
    edit::unmark(client, faults.len() == before).await?;
    Ok(Write { shape, values: draft.values })
}

async fn apply(
    client: &Client,
    desk: &Desk<'_>,
    op: Op,
    id: Option<i64>,
    write: &Write<'_>,
) -> Result<i64> {
    let (layer, srid) = (desk.layer, desk.city.srid);
    match (op, id) {
        (Op::Delete, Some(id)) => edit::delete(client, layer, id).await.map(|()| id),
        (Op::Replace | Op::Update, Some(id)) => {
            edit::replace(client, layer, srid, id, write).await.map(|()| id)
        }
        (_, _) => edit::insert(client, layer, srid, write).await,
    }
}

/// A refusal of the database as a fault of its member.
fn told(at: &str, error: Error, faults: &mut Vec<Fault>) -> Result<()> {
    match error {
        Error::Conflict(detail) => faults.push(Fault::new(at, detail)),
        Error::Invalid { faults: more } => {
            faults.extend(
                more.into_iter()
                    .map(|fault| Fault { pointer: format!("{at}{}", fault.pointer), ..fault }),
            );
        }
        other => return Err(other),
    }
    Ok(())
}

/// Lands before the change, by feature.
type Lands = HashMap<i64, Option<Vec<u8>>>;
