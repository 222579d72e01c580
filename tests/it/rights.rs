//! Rights are the same in every channel; the serving role cannot touch what it must not.

use imgis::access::{Caller, Role};
use imgis::http::Door;

use crate::office::{Office, number_of, problem, tile_at};

#[tokio::test(flavor = "multi_thread")]
async fn what_a_caller_may_not_read_shows_in_no_channel() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 50 50"]).await;
    let site = serde_json::json!({ "cadastral_numbers": [number_of("A")] });
    assert_eq!(office.submits(site).await.status(), 201);
    let public = office.by(Door::Open).await;
    let applicant = office.as_staff(&[Role::Applicant]).await;
    let (x, y) = tile_at(14, 5.0, 5.0);
    for outsider in [&public, &applicant] {
        for path in [
            "/layers",
            "/collections",
            "/collections/parcel/items",
            "/collections/parcel/items/1",
            "/identify?lng=49.1069&lat=55.7996",
            "/tiles/parcel.json",
            "/parcels/16:50:1:1?f=json",
            "/find?q=16:50:1:1",
            "/api",
            "/styles/light",
        ] {
            let body = outsider.get(path).await.text().await.expect("a body");
            for hidden in ["owner_note", "secret of", "application_site", "2026-EP-"] {
                assert!(!body.contains(hidden), "{path} tells {hidden}");
            }
        }
        for path in [
            format!("/tiles/application_site/14/{x}/{y}"),
            "/collections/application_site/items".into(),
            "/tiles/application_site.json".into(),
            "/identify?lng=49.1&lat=55.8&layers=application_site".into(),
        ] {
            assert_eq!(outsider.refused(&path).await.0, 404, "{path}");
        }
        let filtered = "/collections/parcel/items?owner_note=x";
        assert_eq!(outsider.refused(filtered).await.0, 400);
        assert_eq!(outsider.refused("/applications").await.0, 403);
    }
    let staff = office.as_staff(&[Role::Planner]).await;
    let item = staff.json("/collections/parcel/items/1").await;
    assert_eq!(item["properties"]["owner_note"], "secret of A");
    let sites = staff.json("/collections/application_site/items").await;
    assert_eq!(sites["numberReturned"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_roles_of_a_layer_edit_it_and_only_a_clerk_registers() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 50 50"]).await;
    let feature = r#"{"type":"Feature","geometry":null,"properties":{}}"#;
    let headers = [("content-type", "application/geo+json")];
    for role in Role::ALL {
        let staff = office.as_staff(&[role]).await;
        let made = staff.send("POST", "/collections/parcel/items", &headers, feature).await;
        let wanted = if role == Role::Editor { 201 } else { 403 };
        assert_eq!(made.status().as_u16(), wanted, "{role:?}");
        let site = serde_json::json!({ "cadastral_numbers": [number_of("A")] });
        let wanted = if matches!(role, Role::Clerk | Role::Executor) { 201 } else { 403 };
        assert_eq!(staff.submits(site).await.status().as_u16(), wanted, "{role:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replacing_keeps_what_the_editor_may_not_read() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 50 50"]).await;
    let public_editor = Caller::Staff { name: "a".into(), roles: vec![Role::Applicant] };
    let layer = office.imgis.catalogue.layer("parcel").expect("the layer");
    let hidden: Vec<&str> = layer
        .properties
        .iter()
        .filter(|property| !public_editor.may_read(&property.read))
        .map(|property| property.name.as_str())
        .collect();
    assert_eq!(hidden, ["owner_note"]);
    let body = br#"{"type":"Feature","geometry":null,"properties":{"owner_note":"x"}}"#;
    let refused =
        imgis::feature::parse_feature(body, layer, &public_editor, &office.imgis.city).err();
    assert!(refused.is_some_and(|error| error.to_string().contains("no such property")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_reads_as_the_public_and_writes_nothing() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 50 50"]).await;
    let path = "/collections/parcel/items/1";
    let foreign = office.get_with(path, "origin", "https://evil.example").await;
    assert!(!foreign.text().await.expect("a body").contains("owner_note"));
    let own = office.get_with(path, "origin", &office.base).await;
    assert!(own.text().await.expect("a body").contains("owner_note"));
    let headers = [("content-type", "application/json"), ("origin", "https://evil.example")];
    let written = office.send("POST", "/applications", &headers, "{}").await;
    assert_eq!(problem(written).await.0, 403);
    let named = office.get_with("/layers", "host", "evil.example").await;
    let (status, told) = problem(named).await;
    assert_eq!((status.as_u16(), told["parameter"].as_str()), (400, Some("Host")));
    let public = office.by(Door::Open).await;
    let headers = [("content-type", "application/json")];
    assert_eq!(problem(public.send("POST", "/applications", &headers, "{}").await).await.0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_serving_role_cannot_alter_schema_change_log_or_history() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 10 10"]).await;
    let client = office.imgis.db.client().await.expect("a connection");
    let who: String =
        client.query_one("select current_user::text", &[]).await.expect("a name").get(0);
    assert_eq!(who, "imgis_server");
    for text in [
        "create table layer.x (id int)",
        "create table imgis.x (id int)",
        "alter table layer.parcel add column x int",
        "drop table layer.parcel",
        "alter table layer.parcel disable trigger all",
        "truncate layer.parcel",
        "insert into imgis.feature_change (layer, op, actor) values ('parcel', 'delete', 'x')",
        "update imgis.feature_change set actor = 'x'",
        "delete from imgis.feature_change",
        "update imgis.feature_history set actor = 'x'",
        "delete from imgis.feature_history",
        "insert into imgis.feature_history (layer, feature_id, op, valid_from, valid_to, actor, properties)
         values ('parcel', 1, 'update', now(), now(), 'x', '{}')",
        "update imgis.changeset set actor = 'x'",
        "delete from imgis.changeset",
        "update imgis.lineage set kind = 'merge'",
        "delete from imgis.lineage",
        "delete from imgis.event",
        "update imgis.event set actor = 'x'",
        "delete from imgis.intake",
        "update imgis.intake set body = ''",
        "select imgis.note_parcel()",
    ] {
        let refused = client.batch_execute(text).await.expect_err(text);
        let code = refused.code().map(|code| code.code().to_string());
        assert_eq!(code.as_deref(), Some("42501"), "{text}: {refused:?}");
    }
}
