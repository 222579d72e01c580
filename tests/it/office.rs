//! An office of its own for each test: a database from a template, a server on a free port.
//! Helpers are acts of a person.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use imgis::access::{Caller, Role};
use imgis::config::{City, Settings};
use imgis::db::{self, Db};
use imgis::http::{Door, router};
use imgis::layer::{Catalogue, table};
use imgis::{Imgis, config};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use tokio_postgres::Config;

static NEXT: AtomicU32 = AtomicU32::new(0);
const TEMPLATE_LOCK: i64 = 77_001;
const ROLES_LOCK: i64 = 77_002;

/// The project's root.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The municipality that is shipped.
pub fn kazan() -> City {
    City::read(&root().join("data/municipality.toml")).expect("the municipality is readable")
}

/// Real data, where this machine has some; a test without it says so.
pub fn real_data(name: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("IMGIS_REAL_DATA") else {
        eprintln!("skipped: IMGIS_REAL_DATA is not set");
        return None;
    };
    Some(Path::new(&folder).join(name))
}

fn cluster() -> Config {
    let text = std::env::var("IMGIS_TEST_CLUSTER").expect(
        "IMGIS_TEST_CLUSTER is missing: run the tests by `make test` or scripts/test-cluster",
    );
    text.parse().expect("IMGIS_TEST_CLUSTER is a connection string")
}

/// A fresh, empty database of the test cluster.
pub async fn empty_database() -> Config {
    let mut config = cluster();
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("test_{}_{number}", std::process::id());
    let admin = db::connect(config.dbname("postgres")).await.expect("the cluster answers");
    admin.batch_execute(&format!("create database {name}")).await.expect("a database is made");
    config.dbname(&name);
    config
}

/// Migrations and layer tables of a municipality.
pub async fn prepare(config: &Config, city: &City) {
    let catalogue = Catalogue::read(city).expect("the layers are readable");
    let mut owner = db::connect(config).await.expect("the database answers");
    // Roles belong to the cluster: two empty databases must not make them at the same moment.
    let admin = db::connect(cluster().dbname("postgres")).await.expect("the cluster answers");
    admin.execute("select pg_advisory_lock($1)", &[&ROLES_LOCK]).await.expect("a lock");
    db::migrate(&mut owner, city).await.expect("the migrations run");
    admin.execute("select pg_advisory_unlock($1)", &[&ROLES_LOCK]).await.expect("unlocked");
    let steps = table::compare(&owner, city, &catalogue).await.expect("files and tables agree");
    table::carry_out(&mut owner, &steps).await.expect("the tables are made");
}

/// A database of the shipped municipality, copied from a template that the first test makes.
async fn database_from_template() -> Config {
    let mut config = cluster();
    let admin = db::connect(config.dbname("postgres")).await.expect("the cluster answers");
    admin.execute("select pg_advisory_lock($1)", &[&TEMPLATE_LOCK]).await.expect("a lock");
    let there = "select from pg_database where datname = 'template_kazan' and datallowconn = false";
    if admin.query_opt(there, &[]).await.expect("a list").is_none() {
        let drop = "drop database if exists template_kazan";
        admin.batch_execute(drop).await.expect("a half-made template goes");
        admin.batch_execute("create database template_kazan").await.expect("a database");
        prepare(config.dbname("template_kazan"), &kazan()).await;
        let until = std::time::Instant::now() + Duration::from_secs(10);
        let busy = "select from pg_stat_activity where datname = 'template_kazan'";
        while admin.query_opt(busy, &[]).await.is_ok_and(|row| row.is_some())
            && std::time::Instant::now() < until
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let close = "alter database template_kazan with allow_connections false is_template true";
        admin.batch_execute(close).await.expect("the template is closed");
    }
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("test_{}_{number}", std::process::id());
    let make = format!("create database {name} template template_kazan");
    admin.batch_execute(&make).await.expect("a copy of the template");
    admin.execute("select pg_advisory_unlock($1)", &[&TEMPLATE_LOCK]).await.expect("unlocked");
    config.dbname(&name);
    config
}

/// A running server over a database of its own.
pub struct Office {
    pub imgis: Arc<Imgis>,
    pub config: Config,
    pub base: String,
    http: Client,
}

impl Office {
    /// The shipped municipality, without any feature but its boundary.
    pub async fn open() -> Self {
        let office = Self::over(database_from_template().await, kazan()).await;
        office
            .sql(
                "insert into layer.municipal_boundary (name, kind, geometry)
                 values ('Город', 'city', st_multi(st_makeenvelope(
                   1290000, 466000, 1320000, 490000, 990161)))",
            )
            .await;
        office.settled().await;
        office
    }

    /// A second server over the same database, or the first over a prepared one.
    pub async fn over(config: Config, city: City) -> Self {
        let filter = tracing_subscriber::EnvFilter::try_from_env("IMGIS_LOG");
        let filter = filter.unwrap_or_else(|_| "warn".into());
        let _ = tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().try_init();
        let db = Db::open(config.clone(), &city.time_zone).expect("a pool");
        let imgis = Imgis::new(city, db, Settings::default()).expect("the files are readable");
        tokio::spawn(imgis.clone().follow());
        assert!(imgis.loaded(Duration::from_secs(60)).await, "the city is loaded");
        let base = serve(&imgis, Door::Loopback).await;
        Self { imgis, config, base, http: Client::new() }
    }

    /// The same office as a caller with these roles sees it.
    pub async fn as_staff(&self, roles: &[Role]) -> Self {
        let caller = Caller::Staff { name: "test".into(), roles: roles.to_vec() };
        self.by(Door::As(caller)).await
    }

    /// The same office behind another door.
    pub async fn by(&self, door: Door) -> Self {
        let base = serve(&self.imgis, door).await;
        let (imgis, config) = (self.imgis.clone(), self.config.clone());
        Self { imgis, config, base, http: Client::new() }
    }

    /// Runs SQL as the owner of the database, past the program.
    pub async fn sql(&self, text: &str) {
        let client = db::connect(&self.config).await.expect("the database answers");
        client.batch_execute(text).await.unwrap_or_else(|error| panic!("{text}: {error:?}"));
    }

    /// The one text that a statement gives.
    pub async fn text(&self, statement: &str) -> String {
        let client = db::connect(&self.config).await.expect("the database answers");
        client.query_one(statement, &[]).await.expect("a row").get(0)
    }

    /// Waits until the tiles have everything that is committed.
    pub async fn settled(&self) {
        let client = db::connect(&self.config).await.expect("the database answers");
        let token = imgis::change::sql::token(&client).await.expect("a transaction");
        client.batch_execute("notify imgis_change").await.expect("a notification");
        // A whole layer that is read anew takes longer than an edit waits.
        for _ in 0..30 {
            if self.imgis.applied(token).await {
                return;
            }
        }
        panic!("the follower does not catch up");
    }

    /// Parcels as rectangles in metres from the corner 1 304 700, 476 900: `A: 0 0, 10 10`.
    pub async fn has_parcels(&self, parcels: &[&str]) {
        for parcel in parcels {
            let (name, corners) = parcel.split_once(": ").expect("name: x y, x y");
            let polygon = rectangle(corners);
            let number = number_of(name);
            let text = format!(
                "insert into layer.parcel (cadastral_number, owner_note, geometry)
                 values ('{number}', 'secret of {name}', {polygon})"
            );
            self.sql(&text).await;
        }
        self.settled().await;
    }

    /// A territorial zone over a rectangle in metres.
    pub async fn has_zone(&self, code: &str, corners: &str) {
        let zone = rectangle(corners);
        let text = format!(
            "insert into layer.territorial_zone (zone_code, geometry) values ('{code}', {zone})"
        );
        self.sql(&text).await;
    }

    /// GET; the answer as it is.
    pub async fn get(&self, path: &str) -> Response {
        let url = if path.starts_with("http") { path.into() } else { self.base.clone() + path };
        self.http.get(url).send().await.expect("an answer")
    }

    /// GET with one header.
    pub async fn get_with(&self, path: &str, name: &str, value: &str) -> Response {
        let request = self.http.get(self.base.clone() + path).header(name, value);
        request.send().await.expect("an answer")
    }

    /// GET of JSON that must succeed.
    pub async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        let status = response.status();
        let text = response.text().await.expect("a body");
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}: {text}"))
    }

    /// GET that must be refused: status and problem.
    pub async fn refused(&self, path: &str) -> (StatusCode, Value) {
        problem(self.get(path).await).await
    }

    /// Any request with a body.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Response {
        let method = method.parse().expect("a method");
        let mut request = self.http.request(method, self.base.clone() + path).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.expect("an answer")
    }

    /// Submits an application for a drawn site; the receipt.
    pub async fn submits(&self, site: Value) -> Response {
        let body = json!({
            "service": "draft_project",
            "applicant": { "kind": "person", "name": "Ильдар Сафин" },
            "site": site,
        });
        let media = [("content-type", "application/json")];
        self.send("POST", "/applications", &media, body.to_string()).await
    }

    /// A rectangle in metres as a GeoJSON polygon in CRS84.
    pub async fn site(&self, corners: &str) -> Value {
        let client = db::connect(&self.config).await.expect("the database answers");
        let text = format!(
            "select st_asgeojson(st_transform(st_geometryn({}, 1), 4326), 12)",
            rectangle(corners)
        );
        let json: String = client.query_one(&text, &[]).await.expect("a polygon").get(0);
        serde_json::from_str(&json).expect("GeoJSON")
    }
}

async fn serve(imgis: &Arc<Imgis>, door: Door) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let app = router(imgis.clone(), door);
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}")
}

/// `A` → `16:50:000001:1`.
pub fn number_of(name: &str) -> String {
    let letter = name.bytes().next().expect("a letter") - b'A' + 1;
    format!("16:50:000001:{letter}")
}

/// `0 0, 10 10` → SQL of a rectangle in the city's system.
pub fn rectangle(corners: &str) -> String {
    let numbers: Vec<f64> = corners
        .split([' ', ','])
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().expect("a number"))
        .collect();
    let [x0, y0, x1, y1] = numbers[..] else { panic!("x y, x y") };
    format!(
        "st_multi(st_makeenvelope({}, {}, {}, {}, 990161))",
        1_304_700.0 + x0,
        476_900.0 + y0,
        1_304_700.0 + x1,
        476_900.0 + y1
    )
}

/// A refusal: status and its problem+json.
pub async fn problem(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let media = response.headers().get("content-type").cloned();
    let text = response.text().await.expect("a body");
    assert!(!status.is_success(), "{status} {text}");
    let media = media.and_then(|media| media.to_str().ok().map(str::to_string));
    assert_eq!(media.as_deref(), Some("application/problem+json"), "{status} {text}");
    (status, serde_json::from_str(&text).expect("JSON"))
}

/// The tile at a place given in metres as `has_parcels` takes them.
pub fn tile_at(z: u8, x: f64, y: f64) -> (u32, u32) {
    let projector = imgis::geometry::Projector::new(&kazan().proj).expect("PROJ");
    let (lng, lat) = projector.unproject(1_304_700.0 + x, 476_900.0 + y).expect("a place");
    let side = f64::from(1u32 << z);
    let col = (lng + 180.0) / 360.0 * side;
    let lat = lat.to_radians();
    let row = (1.0 - lat.tan().asinh() / std::f64::consts::PI) / 2.0 * side;
    (col as u32, row as u32)
}

/// Everybody's limit, so that tests do not repeat it.
pub const PAGE_MAX: i64 = config::limit::PAGE_FEATURES_MAX;
