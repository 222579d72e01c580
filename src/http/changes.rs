//! `/changes`: server-sent events of what changed, in the caller's layers only.

use std::convert::Infallible;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, StreamExt, stream};
use serde_json::json;
use tokio_stream::wrappers::BroadcastStream;

use super::App;
use super::door::Query;
use crate::access::Caller;
use crate::error::Result;
use crate::imgis::ChangeEvent;

/// The stream. An id is this run's name and a counter; an unknown or too old `Last-Event-ID` gets one
/// `reset`, after which the client reads all anew. Rights are looked at for each event. `tiles`: the tiles
/// of zoom 14 (`[z, x, y]`) that show the change; deeper ones inside and shallower ones around are meant.
///
/// # Source
/// WHATWG HTML, server-sent events.
pub async fn stream(
    State(imgis): State<App>,
    caller: Caller,
    headers: HeaderMap,
    query: Query,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    query.only([])?;
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let after = last.map(|last| {
        let known = last.split_once(':').filter(|(boot, _)| *boot == imgis.boot);
        known.and_then(|(_, number)| number.parse().ok()).unwrap_or(u64::MAX)
    });
    let (receiver, missed, from) = imgis.watch(after);
    let boot = imgis.boot.clone();
    let here = format!("{boot}:{from}");
    let reset =
        missed.is_none().then(|| Event::default().event("reset").id(here.clone()).data("{}"));
    let (catalogue, closing) = (imgis.clone(), imgis.clone());
    let shown = move |ChangeEvent { number, event }: ChangeEvent| {
        let layer = catalogue.catalogue.readable_by(&caller, &event.layer).ok()?;
        if !event.open && layer.readable(&caller).len() < layer.properties.len() {
            return None;
        }
        let tiles: Option<Vec<_>> = event.tiles.as_ref().map(|tiles| {
            tiles.iter().map(|tile| [u32::from(tile.z()), tile.col(), tile.row()]).collect()
        });
        let data =
            json!({ "layer": layer.id, "ids": event.ids, "bbox": event.bbox, "tiles": tiles });
        let id = format!("{boot}:{number}");
        Some(Event::default().event("change").id(id).data(data.to_string()))
    };
    let late = shown.clone();
    let earlier = missed.unwrap_or_default().into_iter().filter_map(shown);
    let coming = BroadcastStream::new(receiver).filter_map(move |event| {
        let event = match event {
            Ok(event) => late(event),
            Err(_) => Some(Event::default().event("reset").data("{}")),
        };
        std::future::ready(event)
    });
    let hello = Event::default().id(here).comment("following");
    let all = stream::iter(std::iter::once(hello).chain(reset).chain(earlier))
        .chain(coming)
        .take_until(async move { closing.closed().await })
        .map(Ok);
    Ok(Sse::new(all).keep_alive(KeepAlive::default()))
}
