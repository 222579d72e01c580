//! One feature into several, several into one: the geometry is computed by PostGIS, the rest is a change
//! set with its lineage.
//!
//! Properties that are not given pass on: to every part what the whole had, to the whole what its parts
//! agree in. A value that only one feature may have is never passed on by itself.

use deadpool_postgres::Object;
use serde_json::{Map, Value as Json};
use tokio_postgres::Client;

use super::changeset::{
    Child, Content, Done, Kind, Line, Member, Op, Plan, carry_out, comment, id,
};
use super::draft::json;
use super::{Desk, Held, Shape, Write, check, shaped, sound, sql};
use crate::config::limit;
use crate::error::{Error, Fault, Result};
use crate::geometry::GeoJson;
use crate::layer::{Property, Value};

/// Metres by which the ends of a dividing line are made longer: it may end short of the boundary by as much.
const LONGER_M: f64 = 0.01;

fn object<'j>(
    json: &'j Json,
    known: &[&str],
    faults: &mut Vec<Fault>,
) -> Result<&'j Map<String, Json>> {
    let Json::Object(fields) = json else {
        return Err(Error::invalid("", "an object is wanted"));
    };
    if crate::layer::has_nul(json) {
        return Err(Error::invalid("", "a text holds the character U+0000"));
    }
    for name in fields.keys().filter(|name| !known.contains(&name.as_str())) {
        let detail = format!("is not known here; known are {}", known.join(", "));
        faults.push(Fault::new(format!("/{name}"), detail));
    }
    Ok(fields)
}

fn of_polygons(desk: &Desk<'_>) -> Result<()> {
    desk.may_edit()?;
    match desk.layer.has_area() {
        true => Ok(()),
        false => Err(Error::invalid("", "only layers of polygons are split and merged")),
    }
}

/// Every property of a feature, also what the caller may not read: it passes on unseen.
async fn all(client: &Client, desk: &Desk<'_>, id: i64) -> Result<Json> {
    let every: Vec<&Property> = desk.layer.properties.iter().collect();
    let text = sql::values(client, desk.layer, &every, id).await?;
    let text = text.ok_or_else(|| desk.missing(id))?;
    serde_json::from_str(&text).map_err(Error::internal)
}

fn ready(op: Op, at: String, id: Option<i64>, content: Content<'_>) -> Member<'_> {
    Member { op, at, id, if_match: Some("*".into()), content }
}

/// Splits a feature by a line, or into given parts.
///
/// # Errors
/// 403, 404, 405, 412, 422, 428.
pub async fn split(
    client: &mut Object,
    desk: &Desk<'_>,
    id: i64,
    if_match: Option<&str>,
    body: &[u8],
) -> Result<Done> {
    of_polygons(desk)?;
    let (json, mut faults) = (json(body)?, Vec::new());
    let fields = object(&json, &["by", "parts", "properties", "comment"], &mut faults)?;
    let transaction = client.transaction().await?;
    let at = transaction.client();
    desk.in_turn(at, true).await?;
    desk.held(at, id, if_match).await?;
    let (shapes, place) = match (fields.get("by"), fields.get("parts")) {
        (Some(line), None) => (by_line(at, desk, id, line).await?, "by"),
        (None, Some(parts)) => (given(at, desk, parts, &mut faults).await?, "parts"),
        _ => return Err(Error::invalid("", "one of by, parts is wanted")),
    };
    sound(std::mem::take(&mut faults))?;
    if shapes.len() < 2 {
        let detail = "a split makes at least two parts: this one makes one";
        return Err(Error::invalid(format!("/{place}"), detail));
    }
    let count = shapes.len();
    let described = match fields.get("properties") {
        None | Some(Json::Null) => vec![Json::Object(Map::new()); count],
        Some(Json::Array(list)) if list.len() == count => list.clone(),
        _ => {
            let detail =
                format!("a list of {count} is wanted: one for each part, the largest first");
            return Err(Error::invalid("/properties", detail));
        }
    };
    let whole = all(at, desk, id).await?;
    let mut plan = Plan { comment: comment(fields, &mut faults), ..Plan::default() };
    plan.members.push(ready(Op::Delete, String::new(), Some(id), Content::None));
    for (n, (shape, given)) in shapes.into_iter().zip(&described).enumerate() {
        let pointer = format!("/properties/{n}");
        let values = passed_on(desk, std::slice::from_ref(&whole), given, &pointer, &mut faults);
        let write = Write { shape, values };
        plan.members.push(ready(Op::Insert, pointer, None, Content::Ready(write)));
    }
    let to = (0..count).map(Child::Insert).collect();
    plan.lineage.push(Line { at: format!("/{place}"), from: vec![id], to, kind: Kind::Split });
    let done = carry_out(at, desk, plan, faults).await?;
    transaction.commit().await?;
    Ok(done)
}

async fn by_line(client: &Client, desk: &Desk<'_>, id: i64, line: &Json) -> Result<Vec<Shape>> {
    if GeoJson(line.clone()).check("/by")? != "LineString" {
        return Err(Error::invalid("/by/type", "a LineString is wanted"));
    }
    let ewkb = check::ewkb(desk, line)?;
    let pieces = sql::pieces(client, desk.layer, desk.city.srid, id, &ewkb, LONGER_M);
    let pieces = pieces.await.map_err(|error| match error {
        Error::Invalid { faults } => {
            Error::invalid("/by", faults.first().map_or("", |fault| &fault.detail))
        }
        other => other,
    })?;
    if pieces.len() < 2 {
        return Err(Error::invalid("/by", "the line does not divide the feature"));
    }
    Ok(pieces.into_iter().map(|piece| Shape::Is(Some(piece))).collect())
}

async fn given(
    client: &Client,
    desk: &Desk<'_>,
    parts: &Json,
    faults: &mut Vec<Fault>,
) -> Result<Vec<Shape>> {
    let Some(parts) = parts.as_array() else {
        return Err(Error::invalid("/parts", "a list of geometries is wanted"));
    };
    let mut shapes = Vec::new();
    for (n, part) in parts.iter().enumerate() {
        let pointer = format!("/parts/{n}");
        let before = faults.len();
        let drawn = desk.form().geometry(part, &pointer, faults);
        if faults.len() > before {
            continue;
        }
        sql::mark(client).await?;
        shapes.push(shaped(client, desk, &drawn, &pointer, faults).await?);
        sql::unmark(client, faults.len() == before).await?;
    }
    Ok(shapes)
}

/// Merges features into a new one.
///
/// # Errors
/// 403, 405, 412, 422.
pub async fn merge(client: &mut Object, desk: &Desk<'_>, body: &[u8]) -> Result<Done> {
    of_polygons(desk)?;
    let (json, mut faults) = (json(body)?, Vec::new());
    let fields = object(&json, &["ids", "if_match", "properties", "comment"], &mut faults)?;
    let ids: Vec<i64> = match fields.get("ids").and_then(Json::as_array) {
        Some(list) => list.iter().filter_map(id).collect(),
        None => Vec::new(),
    };
    let distinct: std::collections::BTreeSet<i64> = ids.iter().copied().collect();
    let listed = fields.get("ids").and_then(Json::as_array).map_or(0, Vec::len);
    if listed < 2 || distinct.len() != listed {
        return Err(Error::invalid("/ids", "the ids of at least two features are wanted"));
    }
    if listed > limit::CHANGESET_MEMBERS_MAX {
        let limit = limit::CHANGESET_MEMBERS_MAX.to_string();
        return Err(Error::TooLarge { what: "the number of members", limit });
    }
    let transaction = client.transaction().await?;
    let at = transaction.client();
    desk.in_turn(at, true).await?;
    let mut stale = Vec::new();
    for id in &distinct {
        let tag = fields.get("if_match").and_then(|tags| tags.get(id.to_string())?.as_str());
        let pointer = format!("/if_match/{id}");
        match desk.hold(at, *id, tag).await? {
            Held::Yes => {}
            Held::Absent => {
                let n = ids.iter().position(|other| other == id).unwrap_or_default();
                let detail = format!("there is no feature {id} in {}", desk.layer.id);
                faults.push(Fault::new(format!("/ids/{n}"), detail));
            }
            Held::Unnamed => {
                let detail = "is missing: send the ETag of the version that you read";
                faults.push(Fault::new(pointer, detail));
            }
            Held::Stale(detail) => stale.push(Fault::new(pointer, detail)),
        }
    }
    if faults.is_empty() && !stale.is_empty() {
        return Err(Error::StaleMembers { faults: stale });
    }
    faults.append(&mut stale);
    sound(std::mem::take(&mut faults))?;
    let mut parts = Vec::new();
    for id in &ids {
        parts.push(all(at, desk, *id).await?);
    }
    let shape = Shape::Is(sql::united(at, desk.layer, &ids).await?);
    let empty = Json::Object(Map::new());
    let given = fields.get("properties").unwrap_or(&empty);
    let values = passed_on(desk, &parts, given, "/properties", &mut faults);
    let mut plan = Plan { comment: comment(fields, &mut faults), ..Plan::default() };
    for (n, id) in ids.iter().enumerate() {
        plan.members.push(ready(Op::Delete, format!("/ids/{n}"), Some(*id), Content::None));
    }
    let content = Content::Ready(Write { shape, values });
    plan.members.push(ready(Op::Insert, "/properties".into(), None, content));
    let (to, kind) = (vec![Child::Insert(0)], Kind::Merge);
    plan.lineage.push(Line { at: "/ids".into(), from: ids, to, kind });
    let done = carry_out(at, desk, plan, faults).await?;
    transaction.commit().await?;
    Ok(done)
}

/// The values of a feature that comes of others: what is given, else what all of them have.
fn passed_on<'a>(
    desk: &Desk<'a>,
    of: &[Json],
    given: &Json,
    at: &str,
    faults: &mut Vec<Fault>,
) -> Vec<(&'a Property, Value)> {
    let (form, layer, empty) = (desk.form(), desk.layer, Map::new());
    let given = given.as_object().unwrap_or_else(|| {
        faults.push(Fault::new(at, "an object is wanted"));
        &empty
    });
    form.known(given, at, faults);
    let mut values = Vec::new();
    for property in &layer.properties {
        let name = &property.name;
        if let Some(json) = given.get(name).filter(|_| desk.caller.may_read(&property.read)) {
            values.extend(form.value(property, json, at, faults));
            continue;
        }
        let had: Vec<&Json> = of.iter().map(|json| json.get(name).unwrap_or(&Json::Null)).collect();
        let first = had.first().copied().unwrap_or(&Json::Null);
        let alike = had.iter().all(|json| *json == first);
        let single = property.unique && had.iter().any(|json| !json.is_null());
        if alike && !single {
            // What the caller may not read is not told of, whatever it is.
            let unseen = &mut Vec::new();
            let faults = if desk.caller.may_read(&property.read) { &mut *faults } else { unseen };
            values.extend(form.value(property, first, at, faults));
        } else if desk.caller.may_read(&property.read) {
            let detail = match single {
                true => {
                    format!("{name} belongs to one feature only: say which it is here, or null")
                }
                false => format!("the features differ in {name}: say which it is here, or null"),
            };
            faults.push(Fault::new(format!("{at}/{name}"), detail));
        }
    }
    values
}
