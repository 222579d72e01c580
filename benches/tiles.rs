//! Parcel tiles: this server cold (no finished tile is kept), warm, and revalidated; martin over a copy of
//! the same rows, when `MARTIN` names one.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tokio_postgres::{Client, NoTls};

use super::load::{Connection, Measured, drive};
use super::server::{Server, cpu_of_postgres, free_port};
use super::{report, setting};

const DATABASE: &str = "bench";
/// A database with nothing but the copy, so that nothing else is published.
const MARTINS: &str = "bench_martin";
const ZOOMS: [u8; 4] = [10, 12, 14, 16];
const CONNECTIONS: [usize; 3] = [1, 8, 32];
const TILES: usize = 600;
const GZIP: &str = "Accept-Encoding: gzip\r\n";
const PLAIN: &str = "Accept-Encoding: identity\r\n";

/// Measures and writes the table.
pub fn run(city: &Municipality) {
    let cluster = std::env::var("IMGIS_TEST_CLUSTER").expect("run it by `make bench`");
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let url = database(&runtime, &cluster, DATABASE);
    let parcels = setting("BENCH_PARCELS", 200_000).to_string();
    let mut text = String::from("# Parcel tiles\n\n");
    {
        let first = imgis(city, &url, &["--demo", &parcels]);
        let _ =
            writeln!(text, "demo city of {parcels} parcels made and served: {:.1?}", first.started);
    }
    let ours = imgis(city, &url, &[]);
    let features = runtime.block_on(count(&cluster));
    let _ = writeln!(
        text,
        "start with {features} features: {:.1?}; memory {} MB\n",
        ours.started,
        ours.memory() >> 20
    );
    let places = runtime.block_on(places(&cluster, DATABASE));
    let mut table = Table::new();
    let path = |z: u8, x: u32, y: u32| format!("/tiles/parcel/{z}/{x}/{y}");
    table.measure("imgis warm gzip", &ours, &places, path, GZIP, true);
    table.measure("imgis warm identity", &ours, &places, path, PLAIN, true);
    table.not_modified("imgis 304", &ours, &places, path);
    drop(ours);
    {
        let cold = imgis(city, &url, &["--tile-cache-mb", "0"]);
        table.measure("imgis cold gzip", &cold, &places, path, GZIP, false);
        table.measure("imgis cold identity", &cold, &places, path, PLAIN, false);
    }
    if let Ok(program) = std::env::var("MARTIN") {
        runtime.block_on(copy_for_martin(city, &cluster));
        let path = |z: u8, x: u32, y: u32| format!("/parcel/{z}/{x}/{y}");
        for (name, cache) in [("martin cold", "0"), ("martin warm", "1024")] {
            let server = martin(&program, &cluster, cache);
            for (encoding, header) in [("gzip", GZIP), ("identity", PLAIN)] {
                let warm = cache != "0";
                table.measure(&format!("{name} {encoding}"), &server, &places, path, header, warm);
            }
        }
    }
    text.push_str(&table.text());
    report("tiles", &text);
}

/// A database of its own on the cluster; how to reach it.
pub fn database(runtime: &tokio::runtime::Runtime, cluster: &str, name: &str) -> String {
    runtime.block_on(sql(cluster, "postgres", &[&format!("create database {name}")]));
    format!("{cluster} dbname={name}")
}

/// This program, serving a database.
pub fn imgis(city: &Municipality, url: &str, more: &[&str]) -> Server {
    let port = free_port();
    let mut command = Command::new(env!("CARGO_BIN_EXE_imgis"));
    command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("IMGIS_CITY", city.0.join("data/municipality.toml"))
        .env("DATABASE_URL", url)
        .env("PORT", port.to_string())
        .arg("serve")
        .args(more);
    Server::start(command, port, "/readyz")
}

/// A copy of the shipped municipality with eight properties of a parcel in its tiles, so that peers with all
/// columns and this server show the same; gone with the measurements.
pub struct Municipality(PathBuf);

impl Drop for Municipality {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Makes the copy.
pub fn municipality() -> Municipality {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = std::env::temp_dir().join(format!("imgis-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let copy = Municipality(folder.clone());
    for part in ["data", "layers", "styles"] {
        let copied = Command::new("cp").arg("-r").arg(root.join(part)).arg(&folder).status();
        assert!(copied.is_ok_and(|status| status.success()), "a copy of {part}");
    }
    let file = folder.join("layers/parcel.toml");
    let text = std::fs::read_to_string(root.join("layers/parcel.toml")).expect("the layer file");
    let mut out = String::new();
    let mut shown = 0;
    for block in text.split_inclusive("\n\n") {
        let name = block.lines().find_map(|line| line.strip_prefix("name = ")).unwrap_or("");
        let more = block.starts_with("[[property]]")
            && !block.contains("tile = ")
            && !name.contains("note");
        if block.contains("tile = true") {
            shown += 1;
        }
        if more && shown < 8 {
            shown += 1;
            out.push_str(&block.replacen("label = ", "tile = true\nlabel = ", 1));
        } else {
            out.push_str(block);
        }
    }
    std::fs::write(file, out).expect("the layer file is written");
    copy
}

/// martin at its best: rows in 3857, no parallel scans.
fn martin(program: &str, cluster: &str, cache_mb: &str) -> Server {
    let port = free_port();
    let host = cluster.split(' ').find_map(|part| part.strip_prefix("host=")).expect("a host");
    let host = host.replace('/', "%2F");
    let mut command = Command::new(program);
    command
        .args(["--listen-addresses", &format!("127.0.0.1:{port}"), "--cache-size", cache_mb])
        .arg(format!("postgresql://martin@{host}/{MARTINS}"));
    Server::start(command, port, "/catalog")
}

/// A client of a database of the cluster.
pub async fn connect(cluster: &str, database: &str) -> Client {
    let (client, connection) =
        tokio_postgres::connect(&format!("{cluster} dbname={database}"), NoTls)
            .await
            .expect("the cluster answers");
    tokio::spawn(connection);
    client
}

/// Runs statements.
pub async fn sql(cluster: &str, database: &str, statements: &[&str]) {
    let client = connect(cluster, database).await;
    for statement in statements {
        client
            .batch_execute(statement)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }
}

async fn count(cluster: &str) -> i64 {
    let client = connect(cluster, DATABASE).await;
    client.batch_execute("analyze").await.expect("analyzed");
    let text =
        "select sum(reltuples)::bigint from pg_class where relnamespace = 'layer'::regnamespace
                and relkind = 'r'";
    client.query_one(text, &[]).await.expect("a count").get(0)
}

/// Places in the city from which tiles are chosen: one of every so many parcels.
pub async fn places(cluster: &str, database: &str) -> Vec<(f64, f64)> {
    let client = connect(cluster, database).await;
    let text =
        "select st_x(p), st_y(p) from (select id, st_transform(st_pointonsurface(geometry), 4326) p
                from layer.parcel where id % 23 = 0) at order by md5(id::text)";
    let rows = client.query(text, &[]).await.expect("places");
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

async fn copy_for_martin(city: &Municipality, cluster: &str) {
    let copy = format!("create database {MARTINS} template {DATABASE}");
    sql(cluster, "postgres", &[&copy]).await;
    let client = connect(cluster, MARTINS).await;
    let text = "select string_agg(quote_ident(column_name), ', ') from information_schema.columns
                where table_schema = 'layer' and table_name = 'parcel' and column_name = any($1)";
    let layer = std::fs::read_to_string(city.0.join("layers/parcel.toml"));
    let mut shown: Vec<String> = Vec::new();
    let mut name = String::new();
    for line in layer.expect("the layer file").lines() {
        if let Some(value) = line.strip_prefix("name = ") {
            name = value.trim_matches('"').to_string();
        } else if line == "tile = true" {
            shown.push(name.clone());
        }
    }
    let columns: String = client.query_one(text, &[&shown]).await.expect("columns").get(0);
    for statement in [
        &format!(
            "create table public.parcel as select id, {columns},
             st_transform(geometry, 3857)::geometry(multipolygon, 3857) as geom from layer.parcel"
        ),
        "drop schema layer, imgis cascade",
        "alter table public.parcel add primary key (id)",
        "create index on public.parcel using gist (geom)",
        "analyze public.parcel",
        "create role martin login superuser",
        "alter role martin set max_parallel_workers_per_gather = 0",
        "alter role martin set jit = off",
    ] {
        client
            .batch_execute(statement)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }
}

/// Distinct tiles of a zoom that hold the places, at most [`TILES`].
fn tiles(places: &[(f64, f64)], z: u8) -> Vec<(u32, u32)> {
    let side = f64::from(1u32 << z);
    let mut found: Vec<(u32, u32)> = Vec::new();
    for (lng, lat) in places {
        let row = (1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * side;
        let tile = (((lng + 180.0) / 360.0 * side) as u32, row as u32);
        if !found.contains(&tile) {
            found.push(tile);
        }
        if found.len() == TILES {
            break;
        }
    }
    found
}

struct Table {
    rows: Vec<String>,
    time: Duration,
}

impl Table {
    fn new() -> Self {
        Self { rows: Vec::new(), time: Duration::from_secs(setting("BENCH_SECONDS", 3)) }
    }

    fn measure(
        &mut self,
        name: &str,
        server: &Server,
        places: &[(f64, f64)],
        path: impl Fn(u8, u32, u32) -> String,
        headers: &str,
        warm: bool,
    ) {
        for z in ZOOMS {
            let paths: Vec<(String, String)> = tiles(places, z)
                .into_iter()
                .map(|(x, y)| (path(z, x, y), headers.to_string()))
                .collect();
            if warm {
                let mut connection = Connection::open(server.port);
                for (path, headers) in &paths {
                    connection.get(path, headers);
                }
            }
            self.drive(name, z, server, &paths);
        }
    }

    fn not_modified(
        &mut self,
        name: &str,
        server: &Server,
        places: &[(f64, f64)],
        path: impl Fn(u8, u32, u32) -> String,
    ) {
        for z in [14, 16] {
            let mut connection = Connection::open(server.port);
            let paths: Vec<(String, String)> = tiles(places, z)
                .into_iter()
                .map(|(x, y)| {
                    let path = path(z, x, y);
                    let etag = connection.get(&path, GZIP).etag.expect("a tag");
                    (path, format!("{GZIP}If-None-Match: {etag}\r\n"))
                })
                .collect();
            self.drive(name, z, server, &paths);
        }
    }

    fn drive(&mut self, name: &str, z: u8, server: &Server, paths: &[(String, String)]) {
        for connections in CONNECTIONS {
            let (cpu, postgres) = (server.cpu(), cpu_of_postgres());
            let Measured { per_second, p50_ms, p99_ms, bytes, requests, failed } =
                drive(server.port, connections, self.time, paths);
            let per = 1e3 / requests as f64;
            let (cpu, postgres) =
                ((server.cpu() - cpu) * per, (cpu_of_postgres() - postgres) * per);
            let tiles = paths.len();
            self.rows.push(format!(
                "| {name} | {z} | {connections} | {per_second:.1} | {p50_ms:.2} | {p99_ms:.2} | \
                 {bytes:.0} | {cpu:.2} | {postgres:.2} | {tiles} | {failed} |"
            ));
            eprintln!("{}", self.rows.last().expect("a row"));
        }
    }

    fn text(&self) -> String {
        format!(
            "| server | zoom | connections | tiles/s | p50 ms | p99 ms | bytes | CPU ms | PostgreSQL CPU \
             ms | tiles | failed |\n|---|---|---|---|---|---|---|---|---|---|---|\n{}\n",
            self.rows.join("\n")
        )
    }
}
