//! Questions: known answers to the centimetre, an independent calculation, pages, distances.
//!
//! Rights, faults, links and files: `answers.rs`.

use geo::{Area, BooleanOps, Coord, LineString, MultiPolygon, Polygon};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::office::{Office, number_of, problem, rectangle};

pub const CORNER: (f64, f64) = (1_304_700.0, 476_900.0);
pub const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

pub async fn sent(office: &Office, path: &str, body: &Value) -> Response {
    office.send("POST", &format!("/questions{path}"), &JSON, body.to_string()).await
}

pub async fn ask(office: &Office, kind: &str, body: Value) -> Value {
    let response = sent(office, &format!("/{kind}"), &body).await;
    let (status, text) = (response.status(), response.text().await.expect("a body"));
    assert!(status.is_success(), "{kind} {body}: {status} {text}");
    serde_json::from_str(&text).expect("JSON")
}

pub async fn refused(office: &Office, kind: &str, body: Value) -> (StatusCode, Value) {
    problem(sent(office, &format!("/{kind}"), &body).await).await
}

/// A rectangle in metres from the corner, in the city's own system.
pub fn drawn(office: &Office, corners: [f64; 4]) -> Value {
    let [x0, y0, x1, y1] = corners;
    let at = |x: f64, y: f64| json!([CORNER.0 + x, CORNER.1 + y]);
    let ring = [at(x0, y0), at(x1, y0), at(x1, y1), at(x0, y1), at(x0, y0)];
    let polygon = json!({ "type": "Polygon", "coordinates": [ring] });
    json!({ "geometry": polygon, "crs": format!("{}/crs/msk16-1", office.base) })
}

/// The row of a class, or of what is `uncovered` or `double`.
fn row<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let rows = answer["rows"].as_array().expect("rows");
    rows.iter()
        .find(|row| row["class"] == name || (row["class"].is_null() && row["row"] == name))
        .unwrap_or_else(|| panic!("no {name}: {answer}"))
}

fn ids(answer: &Value) -> Vec<i64> {
    let rows = answer["rows"].as_array().expect("rows");
    rows.iter().map(|row| row["id"].as_i64().expect("an id")).collect()
}

pub fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_area_is_told_by_class_with_what_is_free_and_what_is_covered_again() {
    let office = Office::open().await;
    office.has_zone("Ж-1", "-50 0, 50 100").await;
    office.has_zone("Ж-2", "40 0, 80 100").await;
    office.has_zone("Ж-2", "45 50, 50 100").await;
    office.has_zone("Р-1", "99.995 0, 200 100").await;
    office.has_zone("П-1", "100 0, 110 100").await;
    let body = json!({ "within": drawn(&office, [0.0, 0.0, 100.0, 100.0]),
                       "layer": "territorial_zone", "by": "zone_code" });
    let answer = ask(&office, "area", body.clone()).await;
    let told = |name: &str, field: &str| number(&row(&answer, name)[field]);
    assert_eq!((told("Ж-1", "inside_m2"), told("Ж-1", "whole_m2")), (5_000.0, 10_000.0));
    assert_eq!((told("Ж-2", "inside_m2"), told("Ж-2", "count")), (4_250.0, 2.0));
    assert_eq!(told("Ж-1", "share"), 0.5);
    assert_eq!(told("uncovered", "inside_m2"), 2_000.0);
    // Ten metres under two zones, a part of them under three.
    assert_eq!(told("double", "inside_m2"), 1_250.0);
    let totals = &answer["totals"];
    assert_eq!(totals["double_land_m2"], 1_000.0);
    assert_eq!((&totals["area_m2"], &totals["features"]), (&json!(10_000.0), &json!(3)));
    assert_eq!((&totals["slivers"], &totals["slivers_m2"]), (&json!(1), &json!(0.5)));
    assert!(number(&totals["difference_m2"]).abs() <= number(&totals["tolerance_m2"]));
    assert_eq!(row(&answer, "Ж-1")["label"], "Индивидуальная жилая застройка");
    assert_eq!(answer["rows"].as_array().map(Vec::len), Some(4));
    // Nothing is a sliver where nobody wants them left out.
    let mut all = body;
    all["sliver_m2"] = json!(0);
    let answer = ask(&office, "area", all).await;
    assert_eq!(row(&answer, "Р-1")["inside_m2"], 0.5);
    assert_eq!(row(&answer, "uncovered")["inside_m2"], 1_999.5);
    let filtered = json!({ "within": drawn(&office, [0.0, 0.0, 100.0, 100.0]),
        "layer": "territorial_zone", "filter": "zone_code = 'Ж-1'" });
    let answer = ask(&office, "area", filtered).await;
    assert_eq!(answer["totals"]["uncovered_m2"], 5_000.0);
    assert_eq!(
        (&answer["rows"][0]["class"], &answer["rows"][0]["count"]),
        (&json!(null), &json!(1))
    );
    assert!(answer["data"][0]["changed_at"].is_string(), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_are_told_in_metres_and_points_by_their_count() {
    let office = Office::open().await;
    let line = |y: f64| {
        format!(
            "st_setsrid(st_geomfromtext('MULTILINESTRING(({} {y}, {} {y}))'), 990161)",
            CORNER.0 - 30.0,
            CORNER.0 + 70.0
        )
    };
    let point =
        |x: f64| format!("st_setsrid(st_makepoint({}, {}), 990161)", CORNER.0 + x, CORNER.1);
    office
        .sql(&format!(
            "insert into layer.red_line (status, geometry)
             values ('active', {}), ('active', {}), ('planned', {});
             insert into layer.address_point (street, house, geometry)
             values ('а', '1', {}), ('а', '2', {}), ('б', '3', {})",
            line(CORNER.1 + 10.0),
            line(CORNER.1 + 20.0),
            line(CORNER.1 + 500.0),
            point(0.0),
            point(50.0),
            point(101.0),
        ))
        .await;
    let within = drawn(&office, [0.0, 0.0, 100.0, 100.0]);
    let body = json!({ "within": within, "layer": "red_line", "by": "status" });
    let answer = ask(&office, "area", body).await;
    let line = row(&answer, "active");
    assert_eq!((&line["count"], &line["inside_m"]), (&json!(2), &json!(140.0)));
    assert_eq!(line["whole_m"], 200.0);
    assert_eq!(answer["rows"].as_array().map(Vec::len), Some(1));
    let body = json!({ "within": within, "layer": "address_point", "by": "street" });
    let answer = ask(&office, "area", body).await;
    assert_eq!(row(&answer, "а")["count"], 2);
    assert_eq!(answer["rows"].as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn metres_go_around_a_place_and_inwards_and_what_is_beyond_the_city_is_told() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 100 100"]).await;
    let within = json!({ "feature": "parcel/1" });
    let asked = |metres: f64| json!({ "within": within, "buffer_m": metres, "layer": "parcel" });
    let inwards = ask(&office, "area", asked(-10.0)).await;
    assert_eq!(inwards["totals"]["area_m2"], 6_400.0);
    assert_eq!(inwards["totals"]["uncovered_m2"], 0.0);
    let around = ask(&office, "area", asked(10.0)).await;
    let area = number(&around["totals"]["area_m2"]);
    let round = 14_000.0 + std::f64::consts::PI * 100.0;
    assert!((area - round).abs() < 1.0, "{area} is not nearly {round}");
    let (status, told) = refused(&office, "area", asked(-60.0)).await;
    assert_eq!((status.as_u16(), told["pointer"].as_str()), (422, Some("/buffer_m")));
    let point = json!({ "within": { "geometry": { "type": "Point", "coordinates": [49.1069, 55.7996] } },
                        "layer": "parcel" });
    let (status, told) = refused(&office, "area", point.clone()).await;
    assert_eq!((status.as_u16(), told["pointer"].as_str()), (422, Some("/within")));
    let mut circle = point;
    circle["buffer_m"] = json!(10);
    let area = number(&ask(&office, "area", circle).await["totals"]["area_m2"]);
    assert!((area - std::f64::consts::PI * 100.0).abs() < 1.0, "{area}");
    let edge = json!({ "type": "Polygon", "coordinates":
        [[[48.79, 55.7], [48.81, 55.7], [48.81, 55.71], [48.79, 55.71], [48.79, 55.7]]] });
    let answer =
        ask(&office, "area", json!({ "within": { "geometry": edge }, "layer": "parcel" })).await;
    let totals = &answer["totals"];
    let share = number(&totals["outside_city_m2"]) / number(&totals["area_m2"]);
    assert!((share - 0.5).abs() < 0.01, "{totals}");
}

/// A star of so many corners around a place, metres from the corner.
fn star(x: f64, y: f64, radii: &[f64]) -> Polygon<f64> {
    let step = std::f64::consts::TAU / radii.len() as f64;
    let corner = |(at, radius): (usize, &f64)| {
        let angle = step * at as f64;
        Coord { x: CORNER.0 + x + radius * angle.cos(), y: CORNER.1 + y + radius * angle.sin() }
    };
    let mut ring: Vec<Coord<f64>> = radii.iter().enumerate().map(corner).collect();
    ring.push(ring[0]);
    Polygon::new(LineString::new(ring), Vec::new())
}

fn geojson(polygon: &Polygon<f64>) -> Value {
    let ring: Vec<Value> = polygon.exterior().coords().map(|c| json!([c.x, c.y])).collect();
    json!({ "type": "Polygon", "coordinates": [ring] })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_independent_calculation_finds_the_same_areas() {
    let office = Office::open().await;
    let mut runner = TestRunner::new(Config::default());
    let stars = |corners: std::ops::Range<usize>, size: f64| {
        let radii = prop::collection::vec(size * 0.3..size, corners);
        (-size..size, -size..size, radii).prop_map(|(x, y, radii)| star(x, y, &radii))
    };
    // Small and simple; large enough for many squares; with enough corners to be parted.
    for (size, corners, wholes) in [(50.0, 3..9, 6), (1_500.0, 5..40, 4), (1_000.0, 300..400, 2)] {
        for round in 0..wholes {
            let zones = prop::collection::vec(stars(3..12, size), 0..7);
            let tree = (stars(corners.clone(), size), zones).new_tree(&mut runner);
            let (area, zones) = tree.expect("a case").current();
            office.sql("delete from layer.territorial_zone").await;
            for (at, zone) in zones.iter().enumerate() {
                let code = ["Ж-1", "Ж-2", "П-1"][at % 3];
                let shape = geojson(zone);
                let text = format!(
                    "insert into layer.territorial_zone (zone_code, geometry) values ('{code}',
                       st_multi(st_setsrid(st_geomfromgeojson('{shape}'), 990161)))"
                );
                office.sql(&text).await;
            }
            let within = json!({ "geometry": geojson(&area), "crs": format!("{}/crs/msk16-1", office.base) });
            let body = json!({ "within": within, "layer": "territorial_zone", "by": "zone_code",
                               "sliver_m2": 0 });
            let answer = ask(&office, "area", body).await;
            let inside = |zone: &Polygon<f64>| zone.intersection(&area).unsigned_area();
            let near = |told: f64, right: f64, what: &str| {
                assert!(
                    (told - right).abs() < 0.05,
                    "{size} {round} {what}: {told}, {right}: {answer}"
                );
            };
            let mut sum = 0.0;
            for (at, code) in ["Ж-1", "Ж-2", "П-1"].into_iter().enumerate() {
                let right: f64 = zones.iter().skip(at).step_by(3).map(inside).sum();
                sum += right;
                let rows = answer["rows"].as_array().expect("rows");
                let told = rows.iter().find(|row| row["class"] == code);
                near(told.map_or(0.0, |row| number(&row["inside_m2"])), right, code);
            }
            let empty = MultiPolygon::new(Vec::new());
            let union = zones.iter().fold(empty, |all, zone| all.union(zone));
            let covered = union.intersection(&area).unsigned_area();
            let free = MultiPolygon::new(vec![area.clone()]).difference(&union).unsigned_area();
            near(number(&row(&answer, "uncovered")["inside_m2"]), free, "uncovered");
            near(number(&row(&answer, "double")["inside_m2"]), sum - covered, "double");
            let totals = &answer["totals"];
            let difference = number(&totals["difference_m2"]).abs();
            assert!(difference <= number(&totals["tolerance_m2"]), "{answer}");
            near(number(&totals["area_m2"]), area.unsigned_area(), "area");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parcels_are_told_by_zone_page_after_page() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 20 10", "B: 30 0, 40 10", "C: 500 0, 510 10"]).await;
    office.has_zone("Ж-1", "-100 -100, 5 100").await;
    office.has_zone("Ж-1", "-100 -100, 4 100").await;
    office.has_zone("П-1", "5 -100, 35 100").await;
    let body =
        json!({ "layer": "parcel", "with": { "layer": "territorial_zone", "by": "zone_code" } });
    let answer = ask(&office, "intersections", body.clone()).await;
    let told: Vec<(i64, &str, f64, f64)> = answer["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| {
            let class = row["class"].as_str().expect("a class");
            (row["id"].as_i64().expect("an id"), class, number(&row["m2"]), number(&row["share"]))
        })
        .collect();
    // Two zones of one class over the same land count once.
    assert_eq!(told, [(1, "Ж-1", 50.0, 0.25), (1, "П-1", 150.0, 0.75), (2, "П-1", 50.0, 0.5)]);
    assert_eq!(answer["rows"][0]["count"], 2);
    assert_eq!(answer["rows"][0]["title"], number_of("A"));
    assert_eq!(
        (&answer["totals"]["features"], &answer["totals"]["m2"]),
        (&json!(2), &json!(250.0))
    );
    assert_eq!(
        answer["classes"][0],
        json!({ "class": "П-1", "label": answer["classes"][0]["label"],
                                             "features": 2, "m2": 200.0 })
    );
    let mut walked = Vec::new();
    let mut next = body.clone();
    next["limit"] = json!(1);
    loop {
        let page = ask(&office, "intersections", next.clone()).await;
        walked.extend(page["rows"].as_array().expect("rows").clone());
        assert_eq!(page["truncated"], page["next"].is_object());
        match &page["next"] {
            Value::Null => break,
            after => next["after"] = after.clone(),
        }
    }
    assert_eq!(json!(walked), answer["rows"]);
    let mut most = body.clone();
    most["min_share"] = json!(0.5);
    assert_eq!(ids(&ask(&office, "intersections", most).await), [1, 2]);
    let mut most = body.clone();
    most["min_m2"] = json!(51);
    assert_eq!(ids(&ask(&office, "intersections", most).await), [1]);
    let mut there = body.clone();
    there["within"] = drawn(&office, [25.0, 0.0, 45.0, 10.0]);
    assert_eq!(ids(&ask(&office, "intersections", there).await), [2]);
    let mut there = body;
    let (x, y) = CORNER;
    there["bbox"] = json!([x - 5.0, y, x + 1.0, y + 1.0]);
    there["bbox_crs"] = json!(format!("{}/crs/msk16-1", office.base));
    there["filter"] = json!({ "op": ">", "args": [{ "property": "area_m2" }, 150] });
    assert_eq!(ids(&ask(&office, "intersections", there).await), [1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_nearest_come_first_as_when_every_distance_is_measured() {
    let office = Office::open().await;
    office
        .sql(&format!(
            "insert into layer.parcel (category, geometry)
             select case when i % 3 = 0 then 'water' else 'forest' end,
                    st_multi(st_translate(st_makeenvelope({x}, {y}, {x} + 1 + i % 7, {y} + 2, 990161),
                      (i * 7919 % 1000)::float8, (i * 104729 % 997)::float8))
             from generate_series(1, 400) i",
            x = CORNER.0,
            y = CORNER.1
        ))
        .await;
    let place = drawn(&office, [300.0, 300.0, 420.0, 500.0]);
    let shape = rectangle("300 300, 420 500");
    for (nearest, filter) in [(1, "true"), (40, "true"), (400, "true"), (30, "category = 'water'")]
    {
        let body = json!({ "of": place, "layer": "parcel", "nearest": nearest, "filter": filter });
        let answer = ask(&office, "near", body).await;
        let wanted = office
            .text(&format!(
                "select string_agg(id || '=' || d, ' ' order by n) from (
                   select id, to_char(round(st_distance(geometry, {shape})::numeric, 3), 'FM990.000') as d,
                          row_number() over (order by st_distance(geometry, {shape}), id) as n
                   from layer.parcel where {filter}) r
                 where n <= {nearest}"
            ))
            .await;
        let rows = answer["rows"].as_array().expect("rows").iter();
        let told: Vec<String> =
            rows.map(|row| format!("{}={:.3}", row["id"], number(&row["distance_m"]))).collect();
        assert_eq!(told.join(" "), wanted, "{nearest} {filter}");
        assert_eq!(answer["truncated"], false);
    }
    let within = json!({ "of": place, "layer": "parcel", "distance_m": 25.5 });
    let answer = ask(&office, "near", within.clone()).await;
    let count = office
        .text(&format!(
            "select count(*)::text from layer.parcel where st_dwithin(geometry, {shape}, 25.5)"
        ))
        .await;
    assert_eq!(answer["totals"]["found"].to_string(), count);
    let mut few = within;
    few["limit"] = json!(2);
    let answer = ask(&office, "near", few).await;
    assert_eq!((&answer["returned"], &answer["truncated"]), (&json!(2), &json!(true)));
    assert_eq!(answer["totals"]["found"].to_string(), count);
    let one =
        ask(&office, "near", json!({ "of": "parcel/5", "layer": "parcel", "nearest": 3 })).await;
    assert!(!ids(&one).contains(&5), "{one}");
    let none = json!({ "of": "parcel/5", "layer": "kiosk", "nearest": 3 });
    assert_eq!(ask(&office, "near", none).await["returned"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_neighbours_of_a_parcel_are_told_without_the_parcel_itself() {
    let office = Office::open().await;
    let mut grid = Vec::new();
    for (at, name) in ('A'..='I').enumerate() {
        let (x, y) = (at % 3 * 10, at / 3 * 10);
        grid.push(format!("{name}: {x} {y}, {} {}", x + 10, y + 10));
    }
    grid.push("J: 32 0, 40 10".into());
    office.has_parcels(&grid.iter().map(String::as_str).collect::<Vec<_>>()).await;
    office.sql("update layer.parcel set address = 'улица, ' || id").await;
    let all = ask(&office, "neighbours", json!({ "of": "parcel/5" })).await;
    assert_eq!(ids(&all), [1, 2, 3, 4, 6, 7, 8, 9]);
    let first = &all["rows"][0];
    let properties = json!({ "cadastral_number": number_of("A"), "address": "улица, 1" });
    assert_eq!((&first["properties"], &first["distance_m"]), (&properties, &json!(0.0)));
    let corner = ask(&office, "neighbours", json!({ "of": ["parcel/1", "parcel/2"] })).await;
    assert_eq!(ids(&corner), [3, 4, 5, 6]);
    let far = json!({ "of": "parcel/3", "distance_m": 2 });
    assert_eq!(ids(&ask(&office, "neighbours", far).await), [2, 5, 6, 10]);
    let (status, told) = refused(
        &office,
        "neighbours",
        json!({ "of": { "geometry":
        { "type": "Point", "coordinates": [49.1, 55.8] } } }),
    )
    .await;
    assert_eq!((status.as_u16(), told["pointer"].as_str()), (422, Some("/of")));
}
