//! Always fresh: an edit reaches the tiles, every server, and who watches.

use std::time::Duration;

use futures_util::StreamExt;

use crate::office::{Office, number_of, rectangle, tile_at};
use crate::tiles::features;

fn etag(response: &reqwest::Response) -> String {
    response.headers()["etag"].to_str().expect("text").to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_changes_the_tile_it_touches_and_no_tile_far_away() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 100 100", "B: 9000 0, 9100 100"]).await;
    let ((x, y), (far_x, far_y)) = (tile_at(16, 50.0, 50.0), tile_at(16, 9050.0, 50.0));
    let (here, far) =
        (format!("/tiles/parcel/16/{x}/{y}"), format!("/tiles/parcel/16/{far_x}/{far_y}"));
    let before = features(&office, &here, "parcel").await;
    let (tag, far_tag) = (etag(&office.get(&here).await), etag(&office.get(&far).await));
    let unchanged = office.get_with(&here, "if-none-match", &tag).await;
    assert_eq!(unchanged.status(), 304);
    let item = office.get("/collections/parcel/items/1").await;
    let version = etag(&item);
    let mut feature: serde_json::Value = item.json().await.expect("a feature");
    feature["geometry"] = office.site("0 0, 50 100").await;
    let headers = [("content-type", "application/geo+json"), ("if-match", version.as_str())];
    let path = "/collections/parcel/items/1";
    let edited = office.send("PUT", path, &headers, feature.to_string()).await;
    assert_eq!(edited.status(), 200, "{:?}", edited.text().await);
    let after = features(&office, &here, "parcel").await;
    assert_ne!(before[0].rings, after[0].rings, "the very next request has the new shape");
    assert_ne!(etag(&office.get(&here).await), tag);
    assert_eq!(etag(&office.get(&far).await), far_tag);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_over_one_database_give_equal_bodies_and_tags() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 100 100", "B: 100 0, 200 100"]).await;
    let other = Office::over(office.config.clone(), crate::office::kazan()).await;
    office.sql("update layer.parcel set status = 'archived' where id = 2").await;
    office.sql("delete from layer.parcel where id = 1").await;
    office.has_parcels(&["C: 0 100, 100 200"]).await;
    other.settled().await;
    for z in [10, 14, 17] {
        let (x, y) = tile_at(z, 50.0, 150.0);
        let path = format!("/tiles/parcel,municipal_boundary/{z}/{x}/{y}");
        let (one, two) = (office.get(&path).await, other.get(&path).await);
        assert_eq!(one.status(), 200);
        assert_eq!(etag(&one), etag(&two), "z{z}");
        assert_eq!(one.bytes().await.expect("bytes"), two.bytes().await.expect("bytes"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_past_the_program_is_told_to_who_watches() {
    let office = Office::open().await;
    let stream = office.get("/changes").await;
    let mut stream = stream.bytes_stream();
    let text = format!(
        "insert into layer.parcel (cadastral_number, geometry) values ('{}', {})",
        number_of("A"),
        rectangle("0 0, 10 10")
    );
    office.sql(&text).await;
    let mut told = String::new();
    let read = async {
        while !told.contains("event: change") || !told.ends_with("\n\n") {
            let Some(Ok(bytes)) = stream.next().await else {
                break;
            };
            told.push_str(&String::from_utf8_lossy(&bytes));
        }
    };
    tokio::time::timeout(Duration::from_secs(30), read).await.expect("an event in time");
    assert!(told.contains("\"layer\":\"parcel\"") && told.contains("\"ids\":[1]"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_last_event_id_gets_one_reset() {
    let office = Office::open().await;
    let stream = office.get_with("/changes", "last-event-id", "another-run:5").await;
    let mut stream = stream.bytes_stream();
    let mut told = String::new();
    let read = async {
        while !told.contains("event: reset") {
            let Some(Ok(bytes)) = stream.next().await else {
                break;
            };
            told.push_str(&String::from_utf8_lossy(&bytes));
        }
    };
    tokio::time::timeout(Duration::from_secs(30), read).await.expect("a reset in time");
}

/// Writers that commit out of order, roll back, and use savepoints: the store ends equal to the table.
#[tokio::test(flavor = "multi_thread")]
async fn no_change_is_missed_whatever_the_order_of_commits() {
    let office = Office::open().await;
    let steps = if std::env::var_os("IMGIS_SOAK").is_some() { 5_000 } else { 400 };
    let mut writers = Vec::new();
    for writer in 0..4u64 {
        let config = office.config.clone();
        writers.push(tokio::spawn(async move {
            let mut client = imgis::db::connect(&config).await.expect("the database");
            let mut state = writer.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
            for step in 0..steps / 4 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let number = format!("16:50:00000{writer}:{}", 1 + state % 20);
                let transaction = client.transaction().await.expect("begin");
                let put = format!(
                    "insert into layer.parcel (cadastral_number, geometry)
                     values ('{number}', st_translate({}, {}, 0))
                     on conflict (cadastral_number) do update set geometry = excluded.geometry",
                    rectangle("0 0, 10 10"),
                    state % 500,
                );
                transaction.batch_execute("savepoint s").await.expect("savepoint");
                transaction.batch_execute(&put).await.expect("put");
                if state % 5 == 0 {
                    transaction.batch_execute("rollback to s").await.expect("rollback to");
                }
                if state % 7 == 0 {
                    let delete =
                        format!("delete from layer.parcel where cadastral_number = '{number}'");
                    transaction.batch_execute(&delete).await.expect("delete");
                }
                if step % 11 == 0 {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                if state % 13 == 0 {
                    transaction.rollback().await.expect("rollback");
                } else {
                    transaction.commit().await.expect("commit");
                }
            }
        }));
    }
    // One transaction stays open while many others come and go, and the follower loses its connection.
    let slow = tokio::spawn({
        let config = office.config.clone();
        async move {
            let mut client = imgis::db::connect(&config).await.expect("the database");
            let transaction = client.transaction().await.expect("begin");
            let put = format!(
                "insert into layer.parcel (cadastral_number, geometry) values ('16:50:000009:1', {})",
                rectangle("0 0, 10 10")
            );
            transaction.batch_execute(&put).await.expect("put");
            tokio::time::sleep(Duration::from_millis(900)).await;
            let end = "select pg_terminate_backend(pid) from pg_stat_activity
                       where datname = current_database() and application_name = 'imgis follower'";
            transaction.query(end, &[]).await.expect("connections are ended");
            transaction.commit().await.expect("commit");
        }
    });
    for writer in writers {
        writer.await.expect("a writer");
    }
    slow.await.expect("the slow writer");
    office.settled().await;
    let fresh = Office::over(office.config.clone(), crate::office::kazan()).await;
    assert!(fresh.imgis.tiles.count("parcel") > 0);
    assert_eq!(office.imgis.tiles.content("parcel"), fresh.imgis.tiles.content("parcel"));
}

#[tokio::test(flavor = "multi_thread")]
async fn history_keeps_the_superseded_version_and_a_no_op_leaves_no_trace() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 10 10"]).await;
    office.sql("update layer.parcel set address = address").await;
    office.sql("update layer.parcel set address = 'ул. Баумана, 1'").await;
    office.sql("delete from layer.parcel").await;
    let client = imgis::db::connect(&office.config).await.expect("the database");
    let changes = client
        .query("select op from imgis.feature_change where layer = 'parcel' order by seq", &[])
        .await
        .expect("changes");
    let ops: Vec<String> = changes.iter().map(|row| row.get(0)).collect();
    assert_eq!(ops, ["insert", "update", "delete"]);
    let history = client
        .query(
            "select op, properties ->> 'address', st_area(geometry), valid_from < valid_to
             from imgis.feature_history where layer = 'parcel' order by seq",
            &[],
        )
        .await
        .expect("history");
    let told: Vec<(String, Option<String>, f64)> =
        history.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    let address = Some("ул. Баумана, 1".to_string());
    assert_eq!(told, [("update".into(), None, 100.0), ("delete".into(), address, 100.0)]);
    assert!(history.iter().all(|row| row.get::<_, bool>(3)));
}
