//! The operator's door: serve, demo, migrate, check, import, tiles. Calls the same functions as `http`.

mod check;
mod commands;
mod reach;
mod serve;

use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{City, Database, limit};
use crate::error::Result;
use crate::geometry::TileAddress;

/// Integrated municipal GIS server: layers, tiles, feature queries and applications over PostGIS.
#[derive(Parser)]
#[command(name = "imgis", version, about, max_term_width = 100)]
struct Args {
    /// The municipality's file
    #[arg(long, global = true, env = "IMGIS_CITY", default_value = "data/municipality.toml")]
    city: PathBuf,
    /// A PostgreSQL ≥ 15 with PostGIS; without it a private cluster in DATA_DIR is used
    #[arg(long, global = true, env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// The owner's connection, for migrations and layer tables; default: DATABASE_URL
    #[arg(long, global = true, env = "DATABASE_OWNER_URL", hide_env_values = true)]
    database_owner_url: Option<String>,
    /// Folder of the private cluster [default: /var/lib/imgis for root, else ~/.local/share/imgis]
    #[arg(long, global = true, env = "DATA_DIR")]
    data_dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the map and the API
    Serve(Serve),
    /// Make the demo city in an empty database
    Demo {
        /// Parcels, about
        #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(100..=300_000))]
        parcels: u64,
        /// The same seed and size give the same city
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Bring the database up to date with this program and the layer files
    Migrate,
    /// Check that configuration, layers, styles and database agree
    Check {
        /// Only the files, without a database
        #[arg(long)]
        files: bool,
    },
    /// Read a file into a layer
    Import(Import),
    /// Tiles without a server
    Tiles {
        #[command(subcommand)]
        command: TilesCommand,
    },
}

#[derive(Subcommand)]
enum TilesCommand {
    /// Write the tiles of layers into an archive, .pmtiles or .mbtiles
    Export(Export),
}

/// What `tiles export` is told.
#[derive(clap::Args)]
struct Export {
    /// The archive: its name ends in .pmtiles or .mbtiles
    out: PathBuf,
    /// The layers, undermost first [default: all that everybody may read]
    #[arg(long, value_delimiter = ',')]
    layers: Vec<String>,
    /// Least and greatest zoom, e.g. 10-16
    #[arg(long, default_value = "10-16", value_parser = zooms)]
    zoom: (u8, u8),
    /// With what staff alone may read: not for handing out
    #[arg(long)]
    staff: bool,
}

fn zooms(text: &str) -> Result<(u8, u8), String> {
    let (least, most) = text.split_once('-').unwrap_or((text, text));
    match (least.parse::<u8>(), most.parse::<u8>()) {
        (Ok(least), Ok(most)) if least <= most && most <= TileAddress::ZOOM_MAX => {
            Ok((least, most))
        }
        _ => Err(format!("wants LEAST-GREATEST within 0 … {}", TileAddress::ZOOM_MAX)),
    }
}

/// What `serve` is told.
#[derive(clap::Args)]
struct Serve {
    /// Address to listen on; beyond loopback only public layers are served and nothing is written
    #[arg(long, env = "HOST", default_value = "127.0.0.1")]
    host: IpAddr,
    /// Port to listen on
    #[arg(long, env = "PORT", default_value_t = 8080)]
    port: u16,
    /// Address of this server as clients see it, e.g. https://gis.example.org
    #[arg(long, env = "BASE_URL")]
    base_url: Option<String>,
    /// Megabytes of finished tiles that are kept; 0 keeps none
    #[arg(long, env = "TILE_CACHE_MB", default_value_t = limit::TILE_CACHE_BYTES >> 20)]
    tile_cache_mb: u64,
    /// Make a demo city of about so many parcels when the database is empty
    #[arg(long, value_name = "PARCELS", value_parser = clap::value_parser!(u64).range(100..=300_000))]
    demo: Option<u64>,
}

/// What `import` is told.
#[derive(clap::Args)]
struct Import {
    /// GeoJSON or GeoJSONSeq
    file: PathBuf,
    /// The layer that takes the features
    #[arg(long)]
    layer: String,
    /// SRID of the file's coordinates [default: what the file says, else 4326]
    #[arg(long)]
    srid: Option<i32>,
    /// Property by which rows are matched with features that are there
    #[arg(long)]
    key: Option<String>,
    /// Check everything, change nothing
    #[arg(long)]
    dry_run: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

impl Args {
    fn database(&self) -> Database {
        match &self.database_url {
            Some(url) if !url.is_empty() => Database::External {
                server: url.clone(),
                owner: self.database_owner_url.clone().filter(|url| !url.is_empty()),
            },
            _ => Database::Embedded(self.data_dir.clone().unwrap_or_else(default_data_dir)),
        }
    }
}

/// The unprivileged user that runs the cluster cannot enter /root.
fn default_data_dir() -> PathBuf {
    if rustix::process::geteuid().is_root() {
        return "/var/lib/imgis".into();
    }
    let home = std::env::var_os("HOME").map_or_else(|| PathBuf::from("."), PathBuf::from);
    home.join(".local/share/imgis")
}

/// Runs the program.
pub fn main() -> ExitCode {
    let args = Args::parse();
    let filter =
        tracing_subscriber::EnvFilter::try_from_env("IMGIS_LOG").unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("imgis: {error}");
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(run(&args));
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("imgis: {error}");
            let mut cause = std::error::Error::source(&error);
            while let Some(error) = cause {
                eprintln!("  because: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &Args) -> Result<ExitCode> {
    if let Command::Check { files } = args.command {
        return check::run(&args.city, (!files).then(|| args.database())).await;
    }
    let city = City::read(&args.city)?;
    let database = args.database();
    match &args.command {
        Command::Serve(options) => serve::run(city, &database, options).await?,
        Command::Demo { parcels, seed } => {
            commands::demo(city, &database, *parcels as usize, *seed).await?;
        }
        Command::Migrate => commands::migrate(city, &database).await?,
        Command::Import(options) => return commands::import(city, &database, options).await,
        Command::Tiles { command: TilesCommand::Export(options) } => {
            commands::export(city, &database, options).await?;
        }
        Command::Check { .. } => {}
    }
    Ok(ExitCode::SUCCESS)
}
