//! `imgis demo`, `imgis migrate`, `imgis import`, `imgis tiles export`.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};

use super::serve::Signals;
use super::{Export, Import, reach};
use crate::access::Caller;
use crate::config::{City, Database};
use crate::db;
use crate::demo::load;
use crate::error::{Error, Result};
use crate::exchange::{self, ArchiveOptions, ImportOptions, Report};
use crate::layer::{Catalogue, Layer};
use crate::tile::{self, Tiles};

/// Seed of the city that `serve --demo` makes.
const SEED: u64 = 1;

fn bar(unit: &str) -> ProgressBar {
    let template = format!(
        "{{msg:24}} {{bar:32}} {{human_pos}}/{{human_len}} {unit} {{per_sec}}, {{eta}} left"
    );
    let style = ProgressStyle::with_template(&template);
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Makes the demo city when no layer has a row.
pub async fn demo_if_empty(
    city: &City,
    catalogue: &Catalogue,
    reached: &reach::Reached,
    parcels: usize,
) -> Result<()> {
    let Some(client) = reached.owner().await? else {
        return Ok(());
    };
    if load::is_empty(&client, catalogue).await? {
        make_demo(city, catalogue, client, parcels, SEED).await?;
    }
    Ok(())
}

async fn make_demo(
    city: &City,
    catalogue: &Catalogue,
    mut client: tokio_postgres::Client,
    parcels: usize,
    seed: u64,
) -> Result<()> {
    let started = Instant::now();
    let bar = bar("features");
    let written = load::load(&mut client, catalogue, city, seed, parcels, &bar).await?;
    bar.finish_and_clear();
    let seconds = started.elapsed().as_secs_f32();
    tracing::info!(features = written, seconds, "the demo city is made");
    Ok(())
}

/// `imgis demo`.
pub async fn demo(city: City, database: &Database, parcels: usize, seed: u64) -> Result<()> {
    let catalogue = Catalogue::read(&city)?;
    let reached = reach::reach(database).await?;
    let result = async {
        reached.bring_up_to_date(&city, &catalogue).await?;
        let client = reached.owner().await?.ok_or_else(|| {
            let text = "making the demo city wants DATABASE_OWNER_URL, at the primary";
            Error::Operator(text.into())
        })?;
        make_demo(&city, &catalogue, client, parcels, seed).await
    };
    let result = result.await;
    reached.stop().await;
    result
}

/// `imgis migrate`.
pub async fn migrate(city: City, database: &Database) -> Result<()> {
    let catalogue = Catalogue::read(&city)?;
    let reached = reach::reach(database).await?;
    let result = reached.bring_up_to_date(&city, &catalogue).await;
    reached.stop().await;
    result
}

/// `imgis import`.
pub async fn import(city: City, database: &Database, options: &Import) -> Result<ExitCode> {
    let catalogue = Catalogue::read(&city)?;
    let Some(layer) = catalogue.layer(&options.layer) else {
        let known: Vec<&str> = catalogue.layers().iter().map(|l| l.id.as_str()).collect();
        return Err(Error::Operator(format!(
            "--layer {}: no such layer; known are {}",
            options.layer,
            known.join(", ")
        )));
    };
    let reached = reach::reach(database).await?;
    let result = async {
        if reached.cluster.as_ref().is_none_or(crate::db::Cluster::is_owner) {
            reached.bring_up_to_date(&city, &catalogue).await?;
        }
        let mut client = db::connect(&db::as_server(reached.server(), &city.time_zone)).await?;
        let bar = bar("bytes");
        bar.set_message(layer.id.clone());
        let wanted = ImportOptions {
            srid: options.srid,
            key: options.key.clone(),
            dry_run: options.dry_run,
        };
        let report =
            exchange::import(&mut client, layer, &city, &options.file, &wanted, &bar).await;
        bar.finish_and_clear();
        report
    };
    let report = result.await;
    reached.stop().await;
    let report = report?;
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report).map_err(Error::internal)?);
    } else {
        println!("{}", told(&report, options.dry_run));
    }
    Ok(if report.refused > 0 { ExitCode::from(2) } else { ExitCode::SUCCESS })
}

/// `imgis tiles export`.
pub async fn export(city: City, database: &Database, options: &Export) -> Result<()> {
    exchange::part_of(&options.out)?;
    let catalogue = Catalogue::read(&city)?;
    let caller = if options.staff { Caller::Local } else { Caller::Public };
    let layers: Vec<Arc<Layer>> = match options.layers.is_empty() {
        true => catalogue.readable(&caller).cloned().collect(),
        false => {
            let layer = |id: &String| catalogue.readable_by(&caller, id).cloned();
            options.layers.iter().map(layer).collect::<Result<_>>().map_err(|error| {
                Error::Operator(format!("--layers: {error} (or --staff is wanted)"))
            })?
        }
    };
    if let Some(twice) =
        (1..layers.len()).find(|at| layers[..*at].iter().any(|l| l.id == layers[*at].id))
    {
        return Err(Error::Operator(format!("--layers: {} stands twice", layers[twice].id)));
    }
    let reached = reach::reach(database).await?;
    let stop = Arc::new(AtomicBool::new(false));
    let mut signals = Signals::new()?;
    tokio::spawn({
        let stop = stop.clone();
        async move {
            signals.wait().await;
            stop.store(true, Ordering::Relaxed);
        }
    });
    let result = async {
        if reached.cluster.as_ref().is_none_or(crate::db::Cluster::is_owner) {
            reached.bring_up_to_date(&city, &catalogue).await?;
        }
        let client = db::connect(&db::as_server(reached.server(), &city.time_zone)).await?;
        let tiles = Arc::new(Tiles::new(&layers, 0));
        tile::load(&client, &tiles, &layers).await?;
        let views: Vec<_> = layers.iter().map(|layer| tiles.view(layer, &caller)).collect();
        let wanted = ArchiveOptions {
            zooms: options.zoom,
            bounds: tiles
                .around(&views)
                .ok_or_else(|| Error::Operator("the layers are empty: nothing to write".into()))?,
            description: tile::tile_json(&tiles, &views, "", &city),
            stop,
        };
        let (bar, out) = (bar("tiles"), options.out.clone());
        let written = tokio::task::spawn_blocking(move || {
            let written = exchange::export(&tiles, &views, &out, &wanted, &bar);
            bar.finish_and_clear();
            written
        });
        written.await.map_err(Error::internal)?
    };
    let written = result.await;
    reached.stop().await;
    let written = written?;
    println!("{}: {} tiles, {} bytes", options.out.display(), written.tiles, written.bytes);
    Ok(())
}

fn told(report: &Report, dry_run: bool) -> String {
    let mut text = String::new();
    if dry_run {
        text.push_str("dry run: nothing was written\n");
    }
    text.push_str(&format!(
        "read       {:>9}\nwritten    {:>9}   ({} new, {} changed)\nunchanged  {:>9}\nrefused    {:>9}",
        report.read,
        report.inserted + report.updated,
        report.inserted,
        report.updated,
        report.unchanged,
        report.refused,
    ));
    for refusal in &report.refusals {
        let place = refusal.place.as_deref().map(|p| format!(" at {p}")).unwrap_or_default();
        text.push_str(&format!("\n  row {}: {}{place}", refusal.row, refusal.reason));
    }
    if report.refused > report.refusals.len() as i64 {
        text.push_str(&format!("\n  … only the first {} are listed", report.refusals.len()));
    }
    text.push_str(&format!("\nproperties {}", report.mapped.join(", ")));
    if !report.unmapped.is_empty() {
        text.push_str(&format!("\nnot taken  {}", report.unmapped.join(", ")));
    }
    text
}
