//! What the land of features became: nothing of it is lost and nothing won.

use std::collections::BTreeSet;

use tokio_postgres::Client;

use super::{Child, Kind, Lands, Line, sql};
use crate::error::{Fault, Result};
use crate::layer::Layer;

/// The greatest difference of land before and after: m², and the share of the land before.
const TOLERANCE: (f64, f64) = (0.1, 0.001);

/// The lands of the features that something comes of, as they are before the change.
pub(super) async fn lands(
    client: &Client,
    layer: &Layer,
    lines: &[Line],
    faults: &mut Vec<Fault>,
) -> Result<Lands> {
    let ids: BTreeSet<i64> = lines.iter().flat_map(|line| line.from.iter().copied()).collect();
    let ids: Vec<i64> = ids.into_iter().collect();
    let lands = match ids.is_empty() {
        true => Lands::new(),
        false => sql::lands(client, layer, &ids).await?,
    };
    for line in lines {
        for (n, id) in line.from.iter().enumerate().filter(|(_, id)| !lands.contains_key(id)) {
            let detail = format!("there is no feature {id} in {}", layer.id);
            faults.push(Fault::new(format!("{}/from/{n}", line.at), detail));
        }
    }
    Ok(lands)
}

/// Compares the land before and after a line, and keeps the line.
pub(super) async fn keep(
    client: &Client,
    layer: &Layer,
    changeset: i64,
    line: &Line,
    lands: &Lands,
    inserted: &[i64],
) -> Result<Vec<Fault>> {
    let to: Vec<i64> = line
        .to
        .iter()
        .map(|child| match child {
            Child::Insert(n) => inserted[*n],
            Child::Feature(id) => *id,
        })
        .collect();
    let from: Vec<Option<Vec<u8>>> =
        line.from.iter().map(|id| lands.get(id).cloned().flatten()).collect();
    let mut faults = Vec::new();
    if layer.has_area() && line.kind != Kind::Redraw {
        let balance = sql::balance(client, layer, &from, &to).await?;
        let (least, share) = TOLERANCE;
        let tolerance = least.max(share * balance.before_m2);
        let (before, after) = (balance.before_m2, balance.after_m2);
        let differ = (before - after).abs().max(balance.difference_m2);
        if differ > tolerance {
            let detail = format!(
                "the land before is {before:.2} m², after {after:.2} m²: {differ:.2} m² differ, \
                 {tolerance:.2} m² may"
            );
            let place = balance.place;
            faults.push(Fault { place, ..Fault::new(&line.at, detail) });
        }
    }
    let there = sql::record(client, layer, changeset, line.kind.word(), &line.from, &from, &to);
    let there = there.await?;
    for (n, id) in to.iter().enumerate().filter(|(_, id)| !there.contains(id)) {
        let detail =
            format!("there is no feature {id} in {}, or it got none of the land", layer.id);
        faults.push(Fault::new(format!("{}/to/{n}", line.at), detail));
    }
    Ok(faults)
}
