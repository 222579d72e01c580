//! Items: this server beside tipg and pygeoapi over a copy of the same parcels in EPSG:4326 (their best
//! case), and an export of the largest layer. `TIPG` and `PYGEOAPI` name the `bin` folders of Python
//! environments that have them, with uvicorn and gunicorn.

use std::fmt::Write;
use std::io::{Read, Write as _};
use std::process::Command;
use std::time::{Duration, Instant};

use super::load::{Measured, drive};
use super::server::{Server, cpu_of_postgres, free_port};
use super::tiles::{Municipality, connect, database, imgis, places, sql};
use super::{report, setting};

const DATABASE: &str = "bench_items";
const PEERS: &str = "bench_peers";
const CONNECTIONS: [usize; 3] = [1, 8, 32];
const BOXES: usize = 400;
/// Degrees from a place to the sides of its box: about a tile of zoom 14.
const HALF: [f64; 2] = [0.011, 0.0062];

/// Measures and writes the table.
pub fn run(city: &Municipality) {
    let cluster = std::env::var("IMGIS_TEST_CLUSTER").expect("run it by `make bench`");
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let url = database(&runtime, &cluster, DATABASE);
    let parcels = setting("BENCH_PARCELS", 200_000).to_string();
    drop(imgis(city, &url, &["--demo", &parcels]));
    runtime.block_on(sql(&cluster, DATABASE, &["analyze"]));
    let places = runtime.block_on(places(&cluster, DATABASE));
    let mut rows = Vec::new();
    let mut text = format!("# Items of {parcels} parcels\n\n");
    {
        let ours = imgis(city, &url, &[]);
        let items = "/collections/parcel/items";
        measure("imgis", &ours, items, "", &places, &mut rows);
        text.push_str(&export(&ours));
    }
    runtime.block_on(copy_for_peers(&cluster));
    if let Ok(bin) = std::env::var("TIPG") {
        let server = tipg(&bin, &cluster);
        measure(
            "tipg",
            &server,
            "/collections/public.parcel/items",
            "&f=geojson",
            &places,
            &mut rows,
        );
    }
    if let Ok(bin) = std::env::var("PYGEOAPI") {
        let server = pygeoapi(&bin, &cluster);
        measure("pygeoapi", &server, "/collections/parcel/items", "&f=json", &places, &mut rows);
    }
    let _ = writeln!(
        text,
        "\n| server | request | connections | requests/s | p50 ms | p99 ms | bytes | CPU ms | \
         PostgreSQL CPU ms | failed |\n|---|---|---|---|---|---|---|---|---|---|\n{}",
        rows.join("\n")
    );
    report("features", &text);
}

fn measure(
    name: &str,
    server: &Server,
    items: &str,
    more: &str,
    places: &[(f64, f64)],
    rows: &mut Vec<String>,
) {
    let time = Duration::from_secs(setting("BENCH_SECONDS", 3));
    let boxes: Vec<String> = places
        .iter()
        .take(BOXES)
        .map(|(x, y)| {
            let [dx, dy] = HALF;
            format!("{:.6},{:.6},{:.6},{:.6}", x - dx, y - dy, x + dx, y + dy)
        })
        .collect();
    let boxed = |limit: u32| -> Vec<(String, String)> {
        let path = |bbox: &String| format!("{items}?limit={limit}&bbox={bbox}{more}");
        boxes.iter().map(|bbox| (path(bbox), String::new())).collect()
    };
    let one = if more.is_empty() { String::new() } else { format!("?{}", &more[1..]) };
    let ones = (1..BOXES as u32).map(|n| (format!("{items}/{}{one}", n * 97), String::new()));
    for (request, paths) in [
        ("limit=1000&bbox", boxed(1000)),
        ("limit=10&bbox", boxed(10)),
        ("limit=10", vec![(format!("{items}?limit=10{more}"), String::new())]),
        ("one item", ones.collect()),
    ] {
        for connections in CONNECTIONS {
            let (cpu, postgres) = (server.cpu(), cpu_of_postgres());
            let Measured { per_second, p50_ms, p99_ms, bytes, requests, failed } =
                drive(server.port, connections, time, &paths);
            let per = 1e3 / requests as f64;
            let (cpu, postgres) =
                ((server.cpu() - cpu) * per, (cpu_of_postgres() - postgres) * per);
            rows.push(format!(
                "| {name} | {request} | {connections} | {per_second:.1} | {p50_ms:.2} | \
                 {p99_ms:.2} | {bytes:.0} | {cpu:.2} | {postgres:.2} | {failed} |"
            ));
            eprintln!("{}", rows.last().expect("a row"));
        }
    }
}

/// Every building as each streaming format: time to the first byte, rate, and what it costs in memory.
fn export(server: &Server) -> String {
    let mut text = String::from(
        "| export of all buildings | first byte ms | seconds | MB | memory above idle MB |\n\
         |---|---|---|---|---|\n",
    );
    for format in ["csv", "geojsonseq", "fgb", "gpkg", "xlsx"] {
        let idle = server.memory();
        let started = Instant::now();
        let mut stream =
            std::net::TcpStream::connect(("127.0.0.1", server.port)).expect("a connection");
        let request = format!(
            "GET /collections/building/items?f={format} HTTP/1.0\r\nHost: localhost\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).expect("a request is sent");
        let (mut bytes, mut first, mut most) = (0usize, None, idle);
        let mut buffer = vec![0; 1 << 20];
        let mut looked = Instant::now();
        loop {
            let count = stream.read(&mut buffer).expect("a body");
            if count == 0 {
                break;
            }
            first.get_or_insert(started.elapsed());
            bytes += count;
            if looked.elapsed() > Duration::from_millis(50) {
                most = most.max(server.memory());
                looked = Instant::now();
            }
        }
        let first = first.unwrap_or_default().as_secs_f64() * 1e3;
        let seconds = started.elapsed().as_secs_f64();
        let _ = writeln!(
            text,
            "| {format} | {first:.0} | {seconds:.1} | {:.1} | {:.0} |",
            bytes as f64 / 1e6,
            most.saturating_sub(idle) as f64 / 1e6
        );
    }
    text
}

/// The parcels with eight properties, in the system that the peers answer in.
async fn copy_for_peers(cluster: &str) {
    let copy = format!("create database {PEERS} template {DATABASE}");
    sql(cluster, "postgres", &[&copy]).await;
    sql(
        cluster,
        PEERS,
        &[
            "create table public.parcel as
             select id, cadastral_number, area_doc_m2, category, permitted_use, address,
                    ownership_form, cadastral_value, status,
                    st_transform(geometry, 4326)::geometry(multipolygon, 4326) as geom
             from layer.parcel",
            "drop schema layer, imgis cascade",
            "alter table public.parcel add primary key (id)",
            "create index on public.parcel using gist (geom)",
            "analyze public.parcel",
            "do $$ begin
               if not exists (select from pg_roles where rolname = 'peer') then
                 create role peer login superuser password 'peer';
               end if; end $$",
            "alter role peer set max_parallel_workers_per_gather = 0",
            "alter role peer set jit = off",
        ],
    )
    .await;
    drop(connect(cluster, PEERS).await);
}

fn host(cluster: &str) -> &str {
    cluster.split(' ').find_map(|part| part.strip_prefix("host=")).expect("a host")
}

fn tipg(bin: &str, cluster: &str) -> Server {
    let port = free_port();
    let mut command = Command::new(format!("{bin}/uvicorn"));
    let url = format!("postgresql://peer:peer@localhost:5432/{PEERS}?host={}", host(cluster));
    command
        .env("DATABASE_URL", url)
        .env("TIPG_DB_SCHEMAS", "[\"public\"]")
        .args(["tipg.main:app", "--host", "127.0.0.1", "--workers", "2", "--log-level", "error"])
        .args(["--port", &port.to_string()]);
    Server::start(command, port, "/collections/public.parcel")
}

fn pygeoapi(bin: &str, cluster: &str) -> Server {
    let port = free_port();
    let folder = std::env::temp_dir().join(format!("imgis-bench-peer-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let config = folder.join("config.yml");
    let text = format!(
        "server:
  bind: {{host: 127.0.0.1, port: {port}}}
  url: http://127.0.0.1:{port}
  mimetype: application/json; charset=UTF-8
  encoding: utf-8
  languages: [en-US]
  limits: {{default_items: 10, max_items: 10000}}
  map: {{url: 'https://example.org', attribution: none}}
logging: {{level: ERROR}}
metadata:
  identification: {{title: t, description: d, keywords: [k], keywords_type: theme, terms_of_service: t,
    url: 'https://example.org'}}
  license: {{name: l, url: 'https://example.org'}}
  provider: {{name: p, url: 'https://example.org'}}
  contact: {{name: c}}
resources:
  parcel:
    type: collection
    title: parcel
    description: parcel
    keywords: [k]
    links: []
    extents: {{spatial: {{bbox: [48, 55, 50, 56], crs: 'http://www.opengis.net/def/crs/OGC/1.3/CRS84'}}}}
    providers:
      - type: feature
        name: PostgreSQL
        data: {{host: {}, dbname: {PEERS}, user: peer, password: peer, search_path: [public]}}
        id_field: id
        table: parcel
        geom_field: geom
",
        host(cluster)
    );
    std::fs::write(&config, text).expect("a configuration");
    let openapi = folder.join("openapi.yml");
    let made = Command::new(format!("{bin}/pygeoapi"))
        .env("PYGEOAPI_CONFIG", &config)
        .env("PYGEOAPI_OPENAPI", &openapi)
        .args(["openapi", "generate"])
        .arg(&config)
        .arg("--output-file")
        .arg(&openapi)
        .status();
    assert!(made.is_ok_and(|status| status.success()), "the peer's document");
    let mut command = Command::new(format!("{bin}/gunicorn"));
    command.env("PYGEOAPI_CONFIG", &config).env("PYGEOAPI_OPENAPI", &openapi).args([
        "-w",
        "2",
        "-b",
        &format!("127.0.0.1:{port}"),
        "pygeoapi.flask_app:APP",
    ]);
    Server::start(command, port, "/collections/parcel?f=json")
}
