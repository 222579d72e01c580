//! What is here, and one search box: cadastral numbers in any spelling, coordinates, and words of the
//! layers' own texts.

pub mod sql;

use serde::Serialize;
use tokio_postgres::Client;

use crate::access::Caller;
use crate::config::{City, limit};
use crate::error::{Error, Result};
use crate::geometry::{CadastralNumber, Projector};
use crate::layer::{Catalogue, Layer, PropertyType};

/// One hit, best first.
#[derive(Debug, Serialize)]
pub struct Hit {
    pub kind: &'static str,
    pub layer: Option<String>,
    pub id: Option<i64>,
    pub title: String,
    pub subtitle: Option<String>,
    /// Longitude, latitude (CRS84); `None`: the feature has no geometry.
    pub center: Option<[f64; 2]>,
    /// West, south, east, north (CRS84).
    pub bbox: Option<[f64; 4]>,
}

fn kind(layer: &Layer) -> &'static str {
    let named = |name: &str| layer.property(name).is_some();
    if layer.derived.is_some() {
        "application"
    } else if named("street") && named("house") {
        "address"
    } else if layer.linkable == Some(crate::layer::Linkable::Subject) {
        "parcel"
    } else {
        "feature"
    }
}

fn hit(layer: &Layer, found: sql::Found, subtitle: Option<String>) -> Hit {
    Hit {
        kind: kind(layer),
        layer: Some(layer.id.clone()),
        id: Some(found.id),
        title: found.title,
        subtitle,
        center: found.center,
        bbox: found.bbox,
    }
}

/// Searches what the caller may read.
///
/// # Errors
/// 400 `q` when it is too short or too long.
pub async fn find(
    client: &Client,
    catalogue: &Catalogue,
    caller: &Caller,
    city: &City,
    text: &str,
    limit: i64,
) -> Result<Vec<Hit>> {
    let text = text.trim();
    let length = text.chars().count();
    if !(2..=limit::FIND_CHARS_MAX).contains(&length) {
        let detail = format!("{length} characters; 2 … {} are wanted", limit::FIND_CHARS_MAX);
        return Err(Error::parameter("q", detail));
    }
    let mut hits = Vec::new();
    if let Some(number) = CadastralNumber::parse(text, &city.cadastral_number) {
        for layer in catalogue.readable(caller).filter(|layer| layer.is_own()) {
            let readable = layer.readable(caller);
            let key = readable
                .iter()
                .find(|property| property.kind == PropertyType::CadastralNumber && property.unique);
            if let Some(key) = key
                && let Some(found) =
                    sql::by_key(client, layer, &readable, key, number.as_str()).await?
            {
                let subtitle = layer.title.get("ru").cloned();
                hits.push(hit(layer, found, subtitle));
            }
        }
    }
    if let Some(at) = coordinates(text, city) {
        hits.push(Hit {
            kind: "coordinates",
            layer: None,
            id: None,
            title: format!("{:.6}, {:.6}", at[1], at[0]),
            subtitle: None,
            center: Some(at),
            bbox: None,
        });
    }
    if hits.is_empty() {
        hits.extend(words(client, catalogue, caller, text, limit).await?);
    }
    hits.truncate(limit as usize);
    Ok(hits)
}

/// The words of a search text as the layers' search texts have them; what only says what follows is left
/// aside.
pub fn needles(text: &str) -> Vec<String> {
    let plain = text.to_lowercase().replace('ё', "е");
    plain
        .split([' ', ',', ';', '\u{a0}'])
        .map(|word| word.trim_matches('.'))
        .filter(|word| !word.is_empty() && !["ул", "д", "г", "пр-т", "дом", "улица"].contains(word))
        .map(str::to_string)
        .take(8)
        .collect()
}

async fn words(
    client: &Client,
    catalogue: &Catalogue,
    caller: &Caller,
    text: &str,
    limit: i64,
) -> Result<Vec<Hit>> {
    let words = needles(text);
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let mut by_layer = Vec::new();
    for layer in catalogue.readable(caller).filter(|layer| !layer.find.is_empty()) {
        let readable = layer.readable(caller);
        let open = layer.find.iter().all(|name| readable.iter().any(|p| p.name == *name));
        if !open || !layer.is_own() {
            continue;
        }
        let found = sql::search(client, layer, &readable, &words, limit).await?;
        let subtitle = layer.title.get("ru").cloned();
        let hits: Vec<Hit> =
            found.into_iter().map(|found| hit(layer, found, subtitle.clone())).collect();
        by_layer.push(hits);
    }
    let rank = |kind: &str| {
        ["application", "address", "parcel", "feature"].iter().position(|k| *k == kind)
    };
    by_layer.sort_by_key(|hits| hits.first().map(|hit| rank(hit.kind)));
    let mut hits = Vec::new();
    let mut queues: Vec<_> = by_layer.into_iter().map(Vec::into_iter).collect();
    // A few of each layer first, so that one layer does not hide the others.
    while hits.len() < limit as usize {
        let before = hits.len();
        for queue in &mut queues {
            hits.extend(queue.by_ref().take(4));
        }
        if hits.len() == before {
            break;
        }
    }
    Ok(hits)
}

/// `55.79, 49.10` (latitude, longitude, as people write; the other order where only that lies in the
/// city), or east and north of the city's system in either order.
fn coordinates(text: &str, city: &City) -> Option<[f64; 2]> {
    let numbers: Vec<f64> = text
        .split([' ', ',', ';', '\t'])
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    let [a, b] = numbers[..] else { return None };
    let [west, south, east, north] = city.bounds;
    let inside =
        |lng: f64, lat: f64| (west..=east).contains(&lng) && (south..=north).contains(&lat);
    for (lng, lat) in [(b, a), (a, b)] {
        if inside(lng, lat) {
            return Some([lng, lat]);
        }
    }
    let projector = Projector::new(&city.proj).ok()?;
    [(a, b), (b, a)].into_iter().find_map(|(x, y)| {
        let (lng, lat) = projector.unproject(x, y).ok()?;
        inside(lng, lat).then_some([lng, lat])
    })
}
