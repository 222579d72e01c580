//! `imgis serve`: database up to date, city in memory, door open; everything stopped cleanly.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{Serve, commands, reach};
use crate::config::{City, Database, Settings};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::http::{Door, router};
use crate::imgis::Imgis;
use crate::layer::Catalogue;

/// Open requests may end within this time after a signal.
const DRAIN: Duration = Duration::from_secs(5);
/// The city is read into memory within this time before the address is printed.
const LOAD: Duration = Duration::from_secs(120);

/// Serves until SIGINT or SIGTERM.
pub async fn run(city: City, database: &Database, options: &Serve) -> Result<()> {
    let door = if options.host.is_loopback() { Door::Loopback } else { Door::Open };
    let base_url = options.base_url.as_deref().map(|url| url.trim_end_matches('/').to_string());
    let settings = Settings { base_url, tile_cache_bytes: options.tile_cache_mb << 20 };
    if matches!(door, Door::Open) && settings.base_url.is_none() {
        return Err(Error::Operator(
            "listening beyond this machine wants BASE_URL, the address that clients use".into(),
        ));
    }
    let address = SocketAddr::new(options.host, options.port);
    let listener = TcpListener::bind(address).await.map_err(|error| {
        Error::Operator(format!("{address} cannot be listened on: {error}; set PORT to another"))
    })?;
    let catalogue = Catalogue::read(&city)?;
    let mut stop = Signals::new()?;
    let reached = tokio::select! {
        reached = reach::reach(database) => reached?,
        () = stop.wait() => return Ok(()),
    };
    if matches!(database, Database::Embedded(_))
        && reached.cluster.as_ref().is_some_and(|cluster| !cluster.is_owner())
    {
        return Err(Error::Operator(
            "another imgis serves from this DATA_DIR: stop it, or set DATA_DIR to another folder"
                .into(),
        ));
    }
    let served = tokio::select! {
        served = prepared(&city, &catalogue, &reached, options) => served,
        () = stop.wait() => Err(Error::Operator("stopped before the start was complete".into())),
    };
    let result = match served {
        Ok(()) => tokio::select! {
            ended = open(city, &reached, listener, door, settings, stop) => ended,
            () = reached.keep() => Ok(()),
        },
        Err(error) => Err(error),
    };
    reached.stop().await;
    result
}

async fn prepared(
    city: &City,
    catalogue: &Catalogue,
    reached: &reach::Reached,
    options: &Serve,
) -> Result<()> {
    reached.bring_up_to_date(city, catalogue).await?;
    if let Some(parcels) = options.demo {
        commands::demo_if_empty(city, catalogue, reached, parcels as usize).await?;
    }
    Ok(())
}

async fn open(
    city: City,
    reached: &reach::Reached,
    listener: TcpListener,
    door: Door,
    settings: Settings,
    mut stop: Signals,
) -> Result<()> {
    let address = listener.local_addr()?;
    let db = Db::open(reached.server(), &city.time_zone)?;
    let imgis = Imgis::new(city, db, settings)?;
    let follower = tokio::spawn(imgis.clone().follow());
    let (closing, closed) = (imgis.clone(), imgis.clone());
    let app = router(imgis.clone(), door);
    let server = tokio::spawn(async move {
        axum::serve(listener, app)
            .with_graceful_shutdown(async move { closing.closed().await })
            .await
    });
    tokio::select! {
        loaded = imgis.loaded(LOAD) => {
            if loaded {
                let url = imgis.settings.base_url.clone();
                let url = url.unwrap_or_else(|| format!("http://localhost:{}", address.port()));
                println!("{}", greeting(&url, &imgis));
            } else {
                tracing::warn!("the city is still being read into memory");
            }
            stop.wait().await;
        }
        () = stop.wait() => {}
    }
    tracing::info!("stopping");
    closed.close();
    if tokio::time::timeout(DRAIN, server).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
    follower.abort();
    Ok(())
}

fn greeting(url: &str, imgis: &Imgis) -> String {
    let title = imgis.city.title.get("en").cloned().unwrap_or_default();
    let parcels = imgis.tiles.count("parcel");
    let program = std::env::args().next().unwrap_or_else(|| "imgis".into());
    format!(
        "\n  IMGIS {title}: {url}  ({parcels} parcels)\n\n  \
         try next:  {url}/collections                the layers as OGC API Features\n             \
         {url}/?f=html                     what this server offers\n             \
         ogrinfo OAPIF:{url}               the layers in GDAL\n             \
         {program} import FILE --layer parcel   your own data\n  \
         Ctrl-C stops everything.\n"
    )
}

/// SIGINT and SIGTERM.
pub struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    /// Takes them from now on.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn new() -> Result<Self> {
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Self { interrupt, terminate: signal(SignalKind::terminate())? })
    }

    /// Resolves with the next.
    pub async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
