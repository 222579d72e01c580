//! Saved questions: kept as they were asked, answered anew by link with the rights of who opens it.
//!
//! A link is a secret of 122 random bits. Whoever has it may ask; what they may not read is not told.

use serde_json::{Value as Json, json};
use tokio_postgres::Client;

use super::body::Fields;
use super::{Asker, Kind, Question, sql};
use crate::access::{Caller, Read, Role};
use crate::config::limit;
use crate::error::{Error, Result};

/// A saved question.
pub struct Saved {
    pub slug: String,
    pub name: String,
    pub kind: Kind,
    pub body: Json,
    owner: String,
    pub at: jiff::Timestamp,
}

fn saved(kept: sql::Kept) -> Result<Saved> {
    let kind = Kind::parse(&kept.kind).ok_or_else(|| Error::internal("a kind that is unknown"))?;
    let sql::Kept { slug, name, body, owner, at, .. } = kept;
    Ok(Saved { slug, name, kind, body, owner, at })
}

fn staff_only(caller: &Caller) -> Result<()> {
    match caller.may_read(&Read::Staff) {
        true => Ok(()),
        false => Err(Error::Forbidden("saved questions are for staff".into())),
    }
}

/// Saves `{name, kind, question}` for the caller; the question must be one that the caller may ask.
///
/// # Errors
/// 403; 404, 413, 422 as [`Question::parse`], pointers within the submitted body.
pub async fn save(client: &Client, asker: &Asker<'_>, body: &Json) -> Result<Saved> {
    staff_only(asker.caller)?;
    let fields = Fields::of(body, "", &["name", "kind", "question"])?;
    let name = fields.wanted_text("name")?.trim();
    let length = name.chars().count();
    if !(1..=limit::QUESTION_NAME_CHARS).contains(&length) || name.contains('\0') {
        let detail = format!("wants 1 … {} characters", limit::QUESTION_NAME_CHARS);
        return Err(Error::invalid("/name", detail));
    }
    let kind = fields.wanted_text("kind")?;
    let kind = Kind::parse(kind).ok_or_else(|| {
        let known = Kind::ALL.map(Kind::name).join(", ");
        Error::invalid("/kind", format!("{kind:?} is not known; known are {known}"))
    })?;
    let question = fields.wanted("question")?;
    Question::parse(kind, question.clone(), asker).map_err(|error| match error {
        Error::Invalid { mut faults } => {
            for fault in &mut faults {
                fault.pointer = format!("/question{}", fault.pointer);
            }
            Error::Invalid { faults }
        }
        other => other,
    })?;
    let owner = asker.caller.name();
    match sql::save(client, owner, name, kind.name(), question).await? {
        Some(kept) => saved(kept),
        None => {
            let limit = limit::QUESTIONS_SAVED_MAX.to_string();
            Err(Error::TooLarge { what: "the number of saved questions", limit })
        }
    }
}

/// The caller's saved questions, the newest first.
///
/// # Errors
/// 403.
pub async fn list(client: &Client, caller: &Caller) -> Result<Vec<Saved>> {
    staff_only(caller)?;
    sql::of_owner(client, caller.name()).await?.into_iter().map(saved).collect()
}

/// Opens a saved question.
///
/// # Errors
/// 404.
pub async fn open(client: &Client, slug: &str) -> Result<Saved> {
    let kept = sql::by_slug(client, slug).await?;
    kept.map_or_else(|| Err(Error::not_found("question", slug)), saved)
}

/// Forgets a saved question.
///
/// # Errors
/// 403 it is another's; 404.
pub async fn forget(client: &Client, caller: &Caller, slug: &str) -> Result<()> {
    let saved = open(client, slug).await?;
    staff_only(caller)?;
    if saved.owner != caller.name() && !caller.has(Role::Admin) {
        return Err(Error::Forbidden("the question is another's".into()));
    }
    sql::forget(client, slug).await
}

impl Saved {
    /// What a link-holder is told of a fault: nothing of what the question names, unless it is their own.
    pub fn told(&self, caller: &Caller, error: Error) -> Error {
        match error {
            Error::NotFound { .. } | Error::Invalid { .. } | Error::Parameter { .. }
                if self.owner != caller.name() =>
            {
                Error::not_found("question", &self.slug)
            }
            other => other,
        }
    }

    /// As JSON, without the body; `base` is the address of the server.
    pub fn to_json(&self, base: &str) -> Json {
        json!({
            "slug": self.slug, "name": self.name, "kind": self.kind.name(),
            "at": self.at.to_string(), "href": format!("{base}/questions/{}", self.slug),
        })
    }
}
