//! The body of a change set, read against the layer: all faults of all members.

use std::collections::HashSet;

use serde_json::{Map, Value as Json};

use super::{Child, Content, Kind, Line, Member, Op, Plan};
use crate::config::limit;
use crate::error::{Error, Fault, Result};
use crate::feature::edit::draft::Form;
use crate::layer::has_nul;

const KEYS: [&str; 6] = ["comment", "insert", "replace", "update", "delete", "lineage"];

/// Reads the body.
///
/// # Errors
/// 413 too many members; 422 when it is no object.
pub(super) fn read<'a>(form: Form<'a>, json: &Json, faults: &mut Vec<Fault>) -> Result<Plan<'a>> {
    let Json::Object(fields) = json else {
        return Err(Error::invalid("", "a change set is an object"));
    };
    if has_nul(json) {
        return Err(Error::invalid("", "a text holds the character U+0000"));
    }
    for name in fields.keys().filter(|name| !KEYS.contains(&name.as_str())) {
        let detail = format!("is not known here; known are {}", KEYS.join(", "));
        faults.push(Fault::new(format!("/{name}"), detail));
    }
    let mut plan = Plan { comment: comment(fields, faults), ..Plan::default() };
    let count: usize =
        KEYS.iter().filter_map(|key| fields.get(*key)?.as_array()).map(Vec::len).sum();
    if count > limit::CHANGESET_MEMBERS_MAX {
        let limit = limit::CHANGESET_MEMBERS_MAX.to_string();
        return Err(Error::TooLarge { what: "the number of members", limit });
    }
    for (at, feature) in list(fields, "insert", faults) {
        let draft = form.feature(feature, &at, faults);
        let content = Content::Draft(draft, at.clone());
        plan.members.push(Member { op: Op::Insert, at, id: None, if_match: None, content });
    }
    let mut seen = HashSet::new();
    for (op, key, inner) in [
        (Op::Replace, "replace", Some("feature")),
        (Op::Update, "update", Some("patch")),
        (Op::Delete, "delete", None),
    ] {
        for (at, json) in list(fields, key, faults) {
            let member = member(form, op, inner, at, json, &mut seen, faults);
            plan.members.extend(member);
        }
    }
    let inserts = list(fields, "insert", &mut Vec::new()).len();
    for (at, json) in list(fields, "lineage", faults) {
        plan.lineage.extend(line(at, json, inserts, faults));
    }
    if plan.members.is_empty() && faults.is_empty() {
        faults.push(Fault::new("", "a change set has at least one member"));
    }
    Ok(plan)
}

/// The comment of a change set.
pub(in crate::feature::edit) fn comment(
    fields: &Map<String, Json>,
    faults: &mut Vec<Fault>,
) -> Option<String> {
    match fields.get("comment") {
        None | Some(Json::Null) => None,
        Some(Json::String(text)) => Some(text.clone()),
        Some(_) => {
            faults.push(Fault::new("/comment", "a text is wanted"));
            None
        }
    }
}

/// The members of a list, each with its pointer.
fn list<'j>(
    fields: &'j Map<String, Json>,
    key: &str,
    faults: &mut Vec<Fault>,
) -> Vec<(String, &'j Json)> {
    match fields.get(key) {
        None | Some(Json::Null) => Vec::new(),
        Some(Json::Array(list)) => {
            list.iter().enumerate().map(|(n, json)| (format!("/{key}/{n}"), json)).collect()
        }
        Some(_) => {
            faults.push(Fault::new(format!("/{key}"), "a list is wanted"));
            Vec::new()
        }
    }
}

/// An id as a number, or as the text that a path has.
pub(in crate::feature::edit) fn id(json: &Json) -> Option<i64> {
    json.as_i64().or_else(|| json.as_str()?.parse().ok())
}

fn member<'a>(
    form: Form<'a>,
    op: Op,
    inner: Option<&str>,
    at: String,
    json: &Json,
    seen: &mut HashSet<i64>,
    faults: &mut Vec<Fault>,
) -> Option<Member<'a>> {
    let Json::Object(fields) = json else {
        faults.push(Fault::new(at, "an object is wanted"));
        return None;
    };
    let known = ["id", "if_match"];
    for name in fields.keys() {
        if !known.contains(&name.as_str()) && Some(name.as_str()) != inner {
            faults.push(Fault::new(format!("{at}/{name}"), "is not known here"));
        }
    }
    let id = fields.get("id").and_then(id);
    match id {
        None => faults.push(Fault::new(format!("{at}/id"), "the id of a feature is wanted")),
        Some(id) if !seen.insert(id) => {
            let detail = format!("the feature {id} stands twice in the change set");
            faults.push(Fault::new(format!("{at}/id"), detail));
        }
        Some(_) => {}
    }
    let if_match = match fields.get("if_match") {
        None | Some(Json::Null) => None,
        Some(Json::String(tag)) => Some(tag.clone()),
        Some(_) => {
            faults.push(Fault::new(format!("{at}/if_match"), "the ETag as a text is wanted"));
            None
        }
    };
    let content = match inner {
        None => Content::None,
        Some(inner) => {
            let place = format!("{at}/{inner}");
            match fields.get(inner) {
                None => {
                    faults.push(Fault::new(place, "is missing"));
                    Content::None
                }
                Some(json) if op == Op::Update => Content::Patch(json.clone(), place),
                Some(json) => Content::Draft(form.feature(json, &place, faults), place),
            }
        }
    };
    Some(Member { op, at, id: Some(id?), if_match, content })
}

fn line(at: String, json: &Json, inserts: usize, faults: &mut Vec<Fault>) -> Option<Line> {
    let kind = match json.get("kind").and_then(Json::as_str) {
        Some("split") => Kind::Split,
        Some("merge") => Kind::Merge,
        Some("redraw") => Kind::Redraw,
        _ => {
            let detail = "one of split, merge, redraw is wanted";
            faults.push(Fault::new(format!("{at}/kind"), detail));
            return None;
        }
    };
    let mut from = Vec::new();
    let mut to = Vec::new();
    let of = |key: &str| json.get(key).and_then(Json::as_array).cloned().unwrap_or_default();
    for (n, given) in of("from").iter().enumerate() {
        match id(given) {
            Some(id) if !from.contains(&id) => from.push(id),
            _ => faults.push(Fault::new(format!("{at}/from/{n}"), "the id of a feature is wanted")),
        }
    }
    for (n, given) in of("to").iter().enumerate() {
        let insert = given.as_str().and_then(|text| text.strip_prefix("/insert/")?.parse().ok());
        let child = match (insert, given.as_i64()) {
            (Some(insert), _) if insert < inserts => Some(Child::Insert(insert)),
            (None, Some(id)) => Some(Child::Feature(id)),
            _ => None,
        };
        match child {
            Some(child) if !to.contains(&child) => to.push(child),
            _ => {
                let detail = "\"/insert/N\", or the id of a feature that is there, is wanted";
                faults.push(Fault::new(format!("{at}/to/{n}"), detail));
            }
        }
    }
    let fits = match kind {
        Kind::Split => from.len() == 1 && to.len() >= 2,
        Kind::Merge => from.len() >= 2 && to.len() == 1,
        Kind::Redraw => !from.is_empty() && !to.is_empty(),
    };
    if !fits {
        let wanted = match kind {
            Kind::Split => "a split is from one feature to two or more",
            Kind::Merge => "a merge is from two or more features to one",
            Kind::Redraw => "a redraw is from at least one feature to at least one",
        };
        faults.push(Fault::new(at, wanted));
        return None;
    }
    Some(Line { at, from, to, kind })
}
