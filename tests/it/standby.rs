//! A server over a standby of the database: the same tiles as at the primary, nothing missed, nothing
//! written.

use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use imgis::db;
use tokio_postgres::Client;

use crate::cluster::{House, until};

/// The tile of zoom 14 that holds 49.11 E 55.8 N.
const TILE: &str = "/tiles/kiosk/14/10427/5118";
const EDITS: usize = 50;

/// A copy of the cluster of `house` that follows it.
fn standby_of(house: &House) -> House {
    let standby = House::new("standby");
    let run = standby.data.join("run");
    let primary = std::fs::metadata(house.data.join("postgres")).expect("a cluster");
    std::fs::create_dir_all(&run).expect("a folder");
    std::fs::copy(house.data.join("secret"), standby.data.join("secret")).expect("a secret");
    for folder in [&standby.data, &run] {
        chown(folder, Some(primary.uid()), Some(primary.gid())).expect("a folder of the cluster's");
    }
    let exe = format!("/proc/{}/exe", house.postmaster().expect("a postmaster"));
    let exe = std::fs::read_link(exe).expect("PostgreSQL");
    let program = |name: &str| {
        let mut command = Command::new(exe.with_file_name(name));
        command.current_dir("/").stdin(Stdio::null()).arg("-D").arg(standby.data.join("postgres"));
        if primary.uid() != std::fs::metadata("/proc/self").expect("a process").uid() {
            command.uid(primary.uid()).gid(primary.gid());
        }
        command
    };
    let secret = std::fs::read_to_string(house.data.join("secret")).expect("a secret");
    let copied = program("pg_basebackup")
        .args(["-R", "-X", "stream", "-c", "fast", "--no-sync", "-U", "imgis_admin", "-h"])
        .arg(house.data.join("run"))
        .env("PGPASSWORD", secret)
        .status();
    assert!(copied.expect("pg_basebackup").success());
    let socket = format!("unix_socket_directories={}", run.display());
    let log = std::fs::File::create(standby.data.join("log")).expect("a log");
    let mut postmaster = program("postgres");
    let mut postmaster = postmaster.args(["-c", &socket]).stderr(log).spawn().expect("a standby");
    std::thread::spawn(move || postmaster.wait());
    standby
}

async fn client(house: &House) -> Client {
    let config = house.url("imgis_admin").parse().expect("a URL");
    for _ in 0..600 {
        if let Ok(client) = db::connect(&config).await {
            return client;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the cluster does not answer");
}

fn kiosk(name: &str, step: usize) -> String {
    format!(
        "insert into layer.kiosk (kind, geometry) values
         ('{name}', st_transform(st_setsrid(st_makepoint(49.11 + {step} * 1e-5, 55.8), 4326), 990161));"
    )
}

/// The n-th edit: some with a part that is taken back, some taken back as a whole.
fn edit(n: usize) -> String {
    let (one, undone) = (kiosk(&format!("n{n}"), n), kiosk("undone", n));
    match n % 6 {
        1 => format!("begin; savepoint s; {undone} rollback to s; {one} commit"),
        2 => format!("begin; savepoint s; {one} release s; commit"),
        3 => format!("begin; {undone} rollback"),
        4 => format!("update layer.kiosk set kind = 'again {n}' where kind = 'n{}'", n - 4),
        5 => format!("begin; {one} delete from layer.kiosk where kind = 'n{}'; commit", n - 4),
        _ => one,
    }
}

async fn run(client: &Client, text: &str) {
    client.batch_execute(text).await.unwrap_or_else(|error| panic!("{text}: {error:?}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_over_a_standby_has_every_tile_of_the_primary_and_changes_nothing() {
    let house = House::new("primary");
    let _primary = house.serves();
    let writer = client(&house).await;
    run(&writer, &kiosk("first", 0)).await;
    let standby = standby_of(&house);
    let copy = client(&standby).await;
    // A transaction that is open before the server comes, and is not over before many others are.
    let (before, slow) = (client(&house).await, client(&house).await);
    run(&before, &format!("begin; {}", kiosk("from before", 70))).await;
    let over = || {
        let mut command = standby.command(&["serve"]);
        command.env("DATABASE_URL", standby.url("imgis_admin"));
        command
    };
    let mut server = standby.starts(&mut over());
    for n in 0..EDITS {
        run(&writer, &edit(n)).await;
        match n {
            8 => {
                let (one, undone) = (kiosk("slow", 71), kiosk("undone", 72));
                run(&slow, &format!("begin; {one} savepoint s; {undone} rollback to s; {one}"))
                    .await;
            }
            25 => run(&slow, "commit").await,
            40 => run(&before, "commit").await,
            _ => {}
        }
        tokio::time::sleep(Duration::from_millis(90)).await;
    }
    let there = "select string_agg(kind, ',' order by id) from layer.kiosk";
    let there: String = writer.query_one(there, &[]).await.expect("kiosks").get(0);
    assert!(there.contains("slow,slow") && there.contains("from before"), "{there}");
    assert!(!there.contains("undone"), "{there}");
    let wanted = || {
        let tile = house.tile(TILE);
        (tile.is_some() && tile == standby.tile(TILE)).then_some(tile)
    };
    until("both draw the same under one tag", || wanted().is_some());

    // Nothing is written, and who tries is told where to.
    let feature = r#"{"type":"Feature","properties":{"kind":"x"},
        "geometry":{"type":"Point","coordinates":[49.1105,55.8]}}"#;
    let refused = standby.send("POST", "/collections/kiosk/items", feature);
    assert!(refused.starts_with("HTTP/1.1 405") && refused.contains("standby"), "{refused}");
    run(&writer, "delete from imgis.migration where version = 4").await;
    let gone = "select from imgis.migration where version = 4";
    while copy.query_opt(gone, &[]).await.expect("a list").is_some() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let second = over().args(["--port", "0"]).output().expect("a second server");
    let told = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(told.contains("standby") && told.contains("migrate at the primary"), "{told}");
    assert!(!second.status.success());

    // A standby that becomes the primary is written to and followed as one.
    let before = standby.tile(TILE);
    run(&copy, "select pg_promote()").await;
    until("it takes an edit", || {
        standby.send("POST", "/collections/kiosk/items", feature).starts_with("HTTP/1.1 201")
    });
    until("the edit is drawn", || standby.tile(TILE) != before);
    server.is_told("-INT");
    server.ends();
}
