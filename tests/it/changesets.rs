//! Edits that belong together: all or nothing, and no land is lost on the way.

use imgis::access::Role;
use serde_json::{Value, json};

use crate::office::Office;
use crate::town::{faults, makes, plot, plots, square, tells};

const SETS: &str = "/collections/plot/changesets";

async fn state(office: &Office) -> String {
    let rows =
        "select coalesce(string_agg(id || ' ' || number || ' ' || area_m2, ', ' order by id), '')
                || (select '; ' || count(*) from imgis.changeset)
                || (select '; ' || count(*) from imgis.lineage)
                || (select '; ' || count(*) from imgis.feature_history)
                from layer.plot";
    office.text(rows).await
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_are_made_together_or_not_at_all() {
    let (_town, office) = plots("together").await;
    let (one, one_tag) = makes(&office, "1", &square(0.0, 0.0, 10.0, 10.0)).await;
    let (two, two_tag) = makes(&office, "2", &square(10.0, 0.0, 20.0, 10.0)).await;
    let (three, three_tag) = makes(&office, "3", &square(20.0, 0.0, 30.0, 10.0)).await;
    let before = state(&office).await;
    let body = |last: Value| {
        json!({
            "comment": "a new street",
            "insert": [plot("4", &square(40.0, 0.0, 50.0, 10.0)), last],
            "replace": [{ "id": one, "if_match": one_tag,
                          "feature": plot("1a", &square(0.0, 0.0, 9.0, 10.0)) }],
            "update": [{ "id": two, "if_match": two_tag, "patch": { "properties": { "floors": 3 } } }],
            "delete": [{ "id": three, "if_match": three_tag }],
        })
    };
    for (last, pointer) in [
        (plot("4", &square(60.0, 0.0, 70.0, 10.0)), "/insert/1"),
        (plot("5", &square(45.0, 0.0, 70.0, 10.0)), "/insert/1/geometry"),
        (plot("5", &square(5.0, 0.0, 70.0, 10.0)), "/insert/1/geometry"),
        (
            json!({ "type": "Feature", "geometry": null, "properties": {} }),
            "/insert/1/properties/use",
        ),
        (json!(7), "/insert/1/type"),
    ] {
        let (status, _, told) = tells(&office, "POST", SETS, None, &body(last)).await;
        assert_eq!(status, 422, "{told}");
        assert!(faults(&told).iter().any(|(at, _)| at == pointer), "{pointer}: {told}");
        assert_eq!(state(&office).await, before, "{pointer}");
    }
    // The land and the number of what goes are free for what comes.
    let last = plot("3", &square(9.0, 0.0, 10.0, 10.0));
    let (status, headers, told) = tells(&office, "POST", SETS, None, &body(last)).await;
    assert_eq!(status, 200, "{told}");
    assert!(headers.contains_key("content-crs"));
    assert_eq!((&told["changeset"].is_i64(), &told["comment"]), (&true, &json!("a new street")));
    assert_eq!(told["deleted"], json!([{ "id": three }]));
    for list in ["inserted", "replaced", "updated"] {
        for member in told[list].as_array().expect("members") {
            let href = member["href"].as_str().expect("an address");
            let etag = office.get(href).await.headers()["etag"].to_str().ok().map(str::to_string);
            assert_eq!(member["etag"].as_str(), etag.as_deref(), "{href}");
        }
    }
    let kept = office
        .text(
            "select concat_ws(' ', layer, actor, comment, inserted, replaced, updated, deleted)
             from imgis.changeset",
        )
        .await;
    assert_eq!(kept, "plot local a new street 2 1 1 1");
    let history = office.json(&format!("/collections/plot/items/{three}/history")).await;
    assert_eq!(history["entries"][0]["changeset"], told["changeset"]);
    assert_eq!(history["entries"][0]["comment"], "a new street");
    assert_eq!(history["entries"][1]["changeset"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_every_member_is_told_at_once() {
    let (_town, office) = plots("faults").await;
    let (one, _) = makes(&office, "1", &square(0.0, 0.0, 10.0, 10.0)).await;
    let (two, _) = makes(&office, "2", &square(10.0, 0.0, 20.0, 10.0)).await;
    let crossed = json!({ "type": "Polygon", "coordinates": [[[1304700, 476900], [1304710, 476910],
        [1304710, 476900], [1304700, 476910], [1304700, 476900]]] });
    let body = json!({
        "note": 1,
        "insert": [
            plot("3", &crossed),
            { "type": "Feature", "geometry": null, "properties": { "floors": "x" } }],
        "replace": [
            { "id": 77, "if_match": "*", "feature": plot("1", &square(0.0, 0.0, 9.0, 9.0)) }, 5],
        "update": [{ "id": one, "patch": { "properties": { "colour": 1 } } },
                   { "id": two, "if_match": "\"x\"", "patch": {} }],
        "delete": [{ "id": one, "if_match": "*" }, { "if_match": "*" }],
        "lineage": [{ "from": [one], "to": ["/insert/0"], "kind": "split" },
                    { "from": [one, 88], "to": ["/insert/9"], "kind": "merge" }, { "kind": "gift" }],
    });
    let (status, _, told) = tells(&office, "POST", SETS, None, &body).await;
    assert_eq!(status, 422, "{told}");
    let mut pointers: Vec<String> = faults(&told).into_iter().map(|(at, _)| at).collect();
    pointers.sort();
    assert_eq!(
        pointers,
        [
            "/delete/0/id",
            "/delete/1/id",
            "/insert/0/geometry",
            "/insert/1/properties/floors",
            "/insert/1/properties/use",
            "/lineage/0",
            "/lineage/1",
            "/lineage/1/to/0",
            "/lineage/2/kind",
            "/note",
            "/replace/0/id",
            "/replace/1",
            "/update/0/if_match",
            "/update/0/patch/properties/colour",
            "/update/1/if_match",
        ]
    );
    let stale = json!({ "delete": [{ "id": one, "if_match": "\"x\"" }, { "id": two, "if_match": "\"y\"" }] });
    let (status, _, told) = tells(&office, "POST", SETS, None, &stale).await;
    assert_eq!(status, 412);
    assert_eq!(faults(&told).len(), 2);
    for (body, status) in [(json!([]), 422), (json!({}), 422), (json!({ "insert": 1 }), 422)] {
        assert_eq!(tells(&office, "POST", SETS, None, &body).await.0, status, "{body}");
    }
    let many = json!({ "delete": vec![1; imgis::config::limit::CHANGESET_MEMBERS_MAX + 1] });
    assert_eq!(tells(&office, "POST", SETS, None, &many).await.0, 413);
    for role in Role::ALL {
        let staff = office.as_staff(&[role]).await;
        let body = json!({ "update": [{ "id": one, "if_match": "*", "patch": {} }] });
        let wanted = if role == Role::Editor { 200 } else { 403 };
        assert_eq!(tells(&staff, "POST", SETS, None, &body).await.0, wanted, "{role:?}");
    }
    let site = "/collections/application_site/changesets";
    assert_eq!(tells(&Office::open().await, "POST", site, None, &json!({})).await.0, 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_splits_a_plot_and_a_merge_makes_it_whole_again() {
    let (_town, office) = plots("split").await;
    let (id, tag) = makes(&office, "1", &square(0.0, 0.0, 10.0, 10.0)).await;
    let item = format!("/collections/plot/items/{id}");
    let patch = json!({ "properties": { "floors": 2, "secret": "hush" } });
    tells(&office, "PATCH", &item, Some("*"), &patch).await;
    let line = |x: f64, y0: f64, y1: f64| {
        let (x, y) = (1_304_700.0 + x, 476_900.0);
        json!({ "type": "LineString", "coordinates": [[x, y + y0], [x, y + y1]] })
    };
    let split = format!("{item}/split");
    let whole = json!({ "by": line(3.0, 0.0, 10.0), "properties": [{ "number": "1a" }, { "number": "1b" }] });
    let editor = office.as_staff(&[Role::Editor]).await;
    assert_eq!(tells(&editor, "POST", &split, Some(&tag), &whole).await.0, 412);
    assert_eq!(tells(&editor, "POST", &split, None, &whole).await.0, 428);
    let gone = "/collections/plot/items/99/split";
    assert_eq!(tells(&editor, "POST", gone, Some("*"), &whole).await.0, 404);
    for (body, pointer) in [
        (json!({ "by": line(3.0, 0.0, 10.0) }), "/properties/0/number"),
        (json!({ "by": line(3.0, 0.0, 10.0), "properties": [{}] }), "/properties"),
        (json!({ "by": line(3.0, 2.0, 8.0) }), "/by"),
        (json!({ "by": square(0.0, 0.0, 1.0, 1.0) }), "/by/type"),
        (json!({ "by": line(3.0, 0.0, 9.0) }), "/by"),
        (json!({}), ""),
        (
            json!({ "parts": [square(0.0, 0.0, 3.0, 10.0), square(3.0, 0.0, 9.0, 10.0)],
                 "properties": [{ "number": "a" }, { "number": "b" }] }),
            "/parts",
        ),
        (json!({ "parts": [square(0.0, 0.0, 3.0, 10.0)] }), "/parts"),
        (
            json!({ "by": line(3.0, 0.0, 10.0),
                 "properties": [{ "number": "a", "secret": "x" }, { "number": "b" }] }),
            "/properties/0/secret",
        ),
    ] {
        let (status, _, told) = tells(&editor, "POST", &split, Some("*"), &body).await;
        assert_eq!((status, told["pointer"].as_str()), (422, Some(pointer)), "{body}: {told}");
    }
    let lost = json!({ "parts": [square(0.0, 0.0, 3.0, 10.0), square(3.0, 0.0, 9.0, 10.0)],
                       "properties": [{ "number": "a" }, { "number": "b" }] });
    let told = tells(&editor, "POST", &split, Some("*"), &lost).await.2;
    assert!(told["detail"].as_str().expect("text").contains("10.00 m² differ"), "{told}");

    // The line may end a little short of the boundary.
    let whole = json!({ "by": line(3.0, 0.005, 9.995), "comment": "halves",
                        "properties": [{ "number": "1a" }, { "number": "1b", "floors": null }] });
    let (status, _, told) = tells(&editor, "POST", &split, Some("*"), &whole).await;
    assert_eq!(status, 200, "{told}");
    assert_eq!(told["deleted"], json!([{ "id": id }]));
    let parts: Vec<i64> = told["inserted"]
        .as_array()
        .expect("parts")
        .iter()
        .filter_map(|part| part["id"].as_i64())
        .collect();
    let large = office.json(&format!("/collections/plot/items/{}", parts[0])).await;
    assert_eq!(
        large["properties"],
        json!({ "number": "1a", "use": "garden", "floors": 2, "since": null, "tags": null,
                "secret": "hush", "area_m2": 70 })
    );
    let lineage = office.json(&format!("{item}/lineage")).await;
    assert_eq!(lineage["ancestors"], json!([]));
    let told: Vec<(i64, &str, &str, f64)> = lineage["descendants"]
        .as_array()
        .expect("kin")
        .iter()
        .map(|kin| {
            (
                kin["id"].as_i64().expect("an id"),
                kin["title"].as_str().expect("a title"),
                kin["kind"].as_str().expect("a kind"),
                kin["share_m2"].as_f64().expect("m²").round(),
            )
        })
        .collect();
    assert_eq!(told, [(parts[0], "1a", "split", 70.0), (parts[1], "1b", "split", 30.0)]);

    let merge = "/collections/plot/merge";
    for (body, pointer) in [
        (json!({ "ids": [parts[0]] }), "/ids"),
        (
            json!({ "ids": parts, "if_match": { parts[0].to_string(): "*" } }),
            &*format!("/if_match/{}", parts[1]),
        ),
        (json!({ "ids": [parts[0], 99], "if_match": { parts[0].to_string(): "*" } }), "/ids/1"),
    ] {
        let (status, _, told) = tells(&editor, "POST", merge, None, &body).await;
        assert_eq!((status, told["pointer"].as_str()), (422, Some(pointer)), "{body}: {told}");
    }
    let any = json!({ parts[0].to_string(): "*", parts[1].to_string(): "*" });
    let (status, _, told) =
        tells(&editor, "POST", merge, None, &json!({ "ids": parts, "if_match": any })).await;
    assert_eq!(status, 422);
    let named: Vec<String> = faults(&told).into_iter().map(|(at, _)| at).collect();
    assert_eq!(named, ["/properties/number", "/properties/floors"], "what differs is asked for");
    let body =
        json!({ "ids": parts, "if_match": any, "properties": { "number": "1", "floors": 1 } });
    let (status, _, told) = tells(&editor, "POST", merge, None, &body).await;
    assert_eq!(status, 200, "{told}");
    let again = told["inserted"][0]["id"].as_i64().expect("an id");
    let kept = office.json(&format!("/collections/plot/items/{again}")).await;
    assert_eq!(kept["properties"]["area_m2"], 100.0);
    assert_eq!(kept["properties"]["secret"], "hush");
    let lineage = office.json(&format!("/collections/plot/items/{again}/lineage")).await;
    let told: Vec<(i64, i64, bool)> = lineage["ancestors"]
        .as_array()
        .expect("kin")
        .iter()
        .map(|kin| {
            (
                kin["id"].as_i64().expect("an id"),
                kin["steps"].as_i64().expect("steps"),
                kin["present"] == true,
            )
        })
        .collect();
    assert_eq!(told[..2], [(parts[0], 1, false), (parts[1], 1, false)]);
    assert!(told[2..].iter().all(|kin| *kin == (id, 2, false)) && told.len() == 4, "{told:?}");
    assert_eq!(lineage["ancestors"][2]["title"], "1");
    let history = editor.json(&format!("{item}/history")).await;
    assert_eq!(history["entries"][0]["lineage"], json!({ "to": parts }));
    let history = editor.json(&format!("/collections/plot/items/{again}/history")).await;
    assert_eq!(history["entries"][0]["lineage"], json!({ "from": parts }));
    assert_eq!(office.refused("/collections/plot/items/99/lineage").await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_set_with_lineage_keeps_the_land() {
    let (_town, office) = plots("lineage").await;
    let (one, tag) = makes(&office, "1", &square(0.0, 0.0, 10.0, 10.0)).await;
    let (two, _) = makes(&office, "2", &square(10.0, 0.0, 20.0, 10.0)).await;
    let before = state(&office).await;
    let body = |to: f64, kind: &str| {
        json!({
            "insert": [plot("3", &square(5.0, 0.0, to, 10.0))],
            "update": [{ "id": one, "if_match": tag,
                         "patch": { "geometry": square(0.0, 0.0, 5.0, 10.0) } }],
            "lineage": [{ "from": [one], "to": ["/insert/0", one], "kind": kind }],
        })
    };
    let (status, _, told) = tells(&office, "POST", SETS, None, &body(9.9, "split")).await;
    assert_eq!((status, told["pointer"].as_str()), (422, Some("/lineage/0")), "{told}");
    assert!(told["detail"].as_str().expect("text").contains("1.00 m² differ"), "{told}");
    assert_eq!(state(&office).await, before);
    let foreign = json!({ "insert": [plot("3", &square(30.0, 0.0, 40.0, 10.0))],
        "lineage": [{ "from": [one], "to": ["/insert/0", two], "kind": "redraw" }] });
    let (status, _, told) = tells(&office, "POST", SETS, None, &foreign).await;
    assert_eq!((status, told["pointer"].as_str()), (422, Some("/lineage/0/to/0")), "{told}");
    let (status, _, told) = tells(&office, "POST", SETS, None, &body(9.995, "split")).await;
    assert_eq!(status, 200, "{told}");
    let lineage = office.json(&format!("/collections/plot/items/{one}/lineage")).await;
    assert_eq!(lineage["ancestors"][0]["id"], one, "a part may keep the number of the whole");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_change_sets_that_cross_do_not_wait_for_each_other_for_ever() {
    let (_town, office) = plots("cross").await;
    for n in 0..6 {
        let x = f64::from(n) * 10.0;
        makes(&office, &n.to_string(), &square(x, 0.0, x + 10.0, 10.0)).await;
    }
    let sets = (0..8).map(|n: i64| {
        let mut ids: Vec<i64> = (1..=6).collect();
        if n % 2 == 1 {
            ids.reverse();
        }
        let list: Vec<Value> = ids
            .iter()
            .map(|id| json!({ "id": id, "if_match": "*", "patch": { "properties": { "floors": n } } }))
            .collect();
        let (office, body) = (&office, json!({ "update": list }));
        async move { tells(office, "POST", SETS, None, &body).await.0 }
    });
    assert_eq!(futures_util::future::join_all(sets).await, [200; 8]);
    let floors = office.text("select count(distinct floors)::text from layer.plot").await;
    assert_eq!(floors, "1", "no change set shows half");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_greatest_change_set_is_made_in_time() {
    if std::env::var_os("IMGIS_SOAK").is_none() {
        return;
    }
    let (_town, office) = plots("greatest").await;
    let inserts: Vec<Value> = (0..imgis::config::limit::CHANGESET_MEMBERS_MAX)
        .map(|n| {
            let (x, y) = ((n % 100) as f64 * 10.0, (n / 100) as f64 * 10.0);
            plot(&n.to_string(), &square(x, y, x + 10.0, y + 10.0))
        })
        .collect();
    let started = std::time::Instant::now();
    let (status, _, told) = tells(&office, "POST", SETS, None, &json!({ "insert": inserts })).await;
    assert_eq!(status, 200, "{}", &told.to_string()[..200]);
    eprintln!("10 000 members: {:?}", started.elapsed());
}
