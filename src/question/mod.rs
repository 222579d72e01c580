//! Questions about land: how much of each class lies in an area, which features meet which classes, what
//! is near, whom to notify; saved under a name and answered anew by link.
//!
//! Every area is in m² of the city's own system, every distance in its metres. A question is parsed with
//! the rights of who asks: what may not be read looks as if it were not there. *Not here*: the wire
//! (`http/`), the formats of tables (`exchange/`), pages of one layer (`feature/`).

mod answer;
mod area;
mod body;
mod intersections;
mod near;
mod place;
pub mod saved;
mod sql;
mod target;

use deadpool_postgres::Object;
use serde_json::Value as Json;
use tokio_postgres::IsolationLevel;

pub use answer::{Answer, Fact, Version};
pub use saved::Saved;

use crate::access::Caller;
use crate::config::{City, Words, limit};
use crate::db;
use crate::error::{Error, Result};
use crate::geometry::Wire;
use crate::layer::Catalogue;

/// Who asks, and of what.
#[derive(Clone, Copy)]
pub struct Asker<'a> {
    pub catalogue: &'a Catalogue,
    pub caller: &'a Caller,
    /// Address of the server, for its own coordinate system.
    pub base: &'a str,
    pub city: &'a City,
}

/// What an answer is to be like.
pub struct Wanted {
    /// The way from the city's system, for geometries.
    pub wire: Wire,
    /// Whether the answer is to have geometries.
    pub geometry: bool,
    /// Words in Russian, else in English.
    pub russian: bool,
    /// As many rows as an answer may have, where the question says nothing.
    pub all: bool,
}

/// Kinds of questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Area,
    Intersections,
    Near,
    Neighbours,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Area, Self::Intersections, Self::Near, Self::Neighbours];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Area => "area",
            Self::Intersections => "intersections",
            Self::Near => "near",
            Self::Neighbours => "neighbours",
        }
    }

    /// By its name on the wire.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A question that may be answered to who asked it.
pub struct Question {
    pub kind: Kind,
    /// As it was asked.
    pub body: Json,
    asked: Asked,
}

enum Asked {
    Area(area::Area),
    Intersections(intersections::Intersections),
    Near(near::Near),
}

impl Question {
    /// Reads a question with the rights of who asks.
    ///
    /// # Errors
    /// 404 a layer that is not there or may not be read; 422 with a JSON Pointer; 413 over a limit.
    pub fn parse(kind: Kind, body: Json, asker: &Asker<'_>) -> Result<Self> {
        if crate::layer::has_nul(&body) {
            return Err(Error::invalid("", "holds the character U+0000"));
        }
        let asked = match kind {
            Kind::Area => Asked::Area(area::Area::parse(&body, asker)?),
            Kind::Intersections => {
                Asked::Intersections(intersections::Intersections::parse(&body, asker)?)
            }
            Kind::Near => Asked::Near(near::Near::parse(&body, asker)?),
            Kind::Neighbours => Asked::Near(near::Near::neighbours(&body, asker)?),
        };
        Ok(Self { kind, body, asked })
    }

    /// Answers it over one state of the data.
    ///
    /// # Errors
    /// 404 a feature that is not there; 413, 422 with a JSON Pointer; 503 it takes too long.
    pub async fn answer(
        &self,
        client: &mut Object,
        asker: &Asker<'_>,
        wanted: &Wanted,
    ) -> Result<Answer> {
        let transaction = client
            .build_transaction()
            .read_only(true)
            .isolation_level(IsolationLevel::RepeatableRead)
            .start()
            .await?;
        let at = transaction.client();
        db::local_timeout(at, limit::QUESTION_STATEMENT).await?;
        let (mut answer, layers) = match &self.asked {
            Asked::Area(area) => (area.answer(at, asker, wanted).await?, area.layers()),
            Asked::Intersections(one) => (one.answer(at, asker, wanted).await?, one.layers()),
            Asked::Near(near) => (near.answer(at, asker, wanted).await?, near.layers()),
        };
        for layer in layers {
            let all = layer.properties.iter().all(|one| asker.caller.may_read(&one.read));
            let changed_at = sql::changed_at(at, &layer, all).await?;
            let title = said(&layer.title, wanted.russian).to_string();
            answer.versions.push(Version { layer: layer.id.clone(), title, changed_at });
        }
        transaction.commit().await?;
        answer.finish(self, wanted.russian);
        Ok(answer)
    }
}

/// A text in the language of the answer.
pub fn said(words: &Words, russian: bool) -> &str {
    let language = if russian { "ru" } else { "en" };
    words.get(language).or_else(|| words.values().next()).map_or("", String::as_str)
}

/// A text in both languages.
fn both(ru: &str, en: &str) -> Words {
    Words::from([("ru".to_string(), ru.to_string()), ("en".to_string(), en.to_string())])
}
