//! The predicate language: what it takes, what it refuses and where, and that SQL and memory agree.

use std::sync::Arc;
use std::time::Instant;

use imgis::access::Caller;
use imgis::filter::{self, Filter, Queryables, Scene, Thing};
use imgis::geometry::Crs;
use imgis::layer::Catalogue;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::office::{Office, empty_database, kazan, prepare};
use crate::town::Town;

fn checked(layer: &str, text: &str) -> Result<Filter, filter::Fault> {
    let city = kazan();
    let catalogue = Catalogue::read(&city).expect("the layers");
    let layer = catalogue.layer(layer).expect("a layer");
    let queryables = Queryables::of(layer, &Caller::Public);
    Filter::new(filter::parse_text(text)?, &queryables, Crs::Crs84, &city)
}

#[test]
fn a_predicate_is_the_same_as_text_and_as_json() {
    for text in [
        "floors > 5",
        "floors >= 5 AND (height_m < 12.5 OR NOT purpose = 'жилое')",
        "name LIKE 'Дом%' OR name NOT LIKE '%''s_'",
        "CASEI(name) LIKE casei('ДОМ%')",
        "ACCENTI(name) = ACCENTI('ёлка')",
        "CASEI(ACCENTI(name)) IN (CASEI('a'), 'b')",
        "floors BETWEEN 2 AND 3 + 4 * 2 ^ 2 - 1",
        "floors NOT BETWEEN -2 AND -1.5e3",
        "floors NOT IN (1, 2, 3)",
        "name IS NOT NULL AND year IS NULL",
        "(floors + 1) * 2 % 3 div 4 / 5 = height_m",
        "- floors < 0",
        "true AND NOT FALSE",
        "S_INTERSECTS(geometry, BBOX(49.1, 55.7, 49.2, 55.8))",
        "S_WITHIN(geometry, POLYGON((0 0, 9 0, 9 9, 0 0), (4 1, 5 1, 5 2, 4 1)))",
        "S_DISJOINT(geometry, MULTIPOLYGON(((49 55, 50 55, 50 56, 49 55))))",
        "S_TOUCHES(geometry, LINESTRING(49 55, 50 56))",
        "S_CROSSES(MULTILINESTRING((49 55, 50 56), (49 56, 50 55)), geometry)",
        "S_CONTAINS(geometry, MULTIPOINT((49.1 55.8), (49.2 55.8)))",
        "S_EQUALS(geometry, POINT Z (49.1 55.8 12))",
        "S_INTERSECTS(geometry, GEOMETRYCOLLECTION(POINT(49 55), LINESTRING(49 55, 50 56)))",
        "T_AFTER(valid_from, DATE('2020-01-31'))",
        "T_DURING(valid_from, INTERVAL('2020-01-01', '..'))",
        "T_INTERSECTS(INTERVAL(valid_from, '..'), INTERVAL('..', '2020-01-01T00:00:00Z'))",
        "valid_from < TIMESTAMP('2024-02-29T10:00:00.5Z')",
        "A_CONTAINS(prohibits, ('a', 'b')) OR A_OVERLAPS(prohibits, ('c'))",
        "A_EQUALS((), prohibits)",
        "round(area(geometry)) > 100",
        "\"name\" = 'x' AND name <> '\"'",
    ] {
        let read = filter::parse_text(text).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
        let printed = read.to_text();
        assert_eq!(filter::parse_text(&printed).as_ref(), Ok(&read), "{text} → {printed}");
        let json = read.to_json();
        assert_eq!(filter::parse_json(&json).as_ref(), Ok(&read), "{text} → {json}");
    }
}

#[test]
fn a_fault_is_told_with_its_place_and_what_was_expected() {
    for (layer, text, place, words) in [
        ("building", "floors >", "byte 8", "the end found, a value"),
        ("building", "floors = 5 5", "byte 11", "AND, OR or the end expected"),
        ("building", "flors = 5", "byte 0", "did you mean floors"),
        ("building", "floors = 'five'", "byte 9", "floors (a whole number) is not compared"),
        ("building", "name = 5", "byte 7", "name (a text) is not compared with 5"),
        ("building", "floors", "byte 0", "a predicate expected"),
        ("building", "name LIKE floors", "byte 10", "a text expected"),
        ("building", "name LIKE 'a\\'", "byte 10", "quote ' is not closed"),
        ("building", "name LIKE 'a\\\\\\'", "byte 10", "quote ' is not closed"),
        ("building", "name = 'open", "byte 7", "not closed"),
        ("building", "floors = 1 AND", "byte 14", "expected"),
        ("building", "floors IN ()", "byte 0", "the list of IN is empty"),
        ("building", "floors ~ 1", "byte 7", "begins nothing"),
        ("building", "S_INTERSECTS(geometry)", "byte 0", "takes two arguments, 1 given"),
        ("building", "S_INTERSECTS(geometry, name)", "byte 23", "a geometry expected"),
        ("building", "S_INTERSECTS(geometry, POLYGON((0 0, 1 1, 1 0)))", "byte 31", "not closed"),
        (
            "building",
            "S_INTERSECTS(geometry, POLYGON((49 55, 49.1 55.1, 49.1 55, 49 55.1, 49 55)))",
            "byte 23",
            "not valid",
        ),
        ("building", "S_INTERSECTS(geometry, POINT(1000 55))", "byte 23", "lies outside"),
        ("building", "unknown_call(name) = 1", "byte 0", "there is no function"),
        ("building", "lower(floors) = 'a'", "byte 6", "a text expected"),
        ("building", "T_AFTER(name, DATE('2020-01-01'))", "byte 8", "a date, a moment"),
        ("building", "T_AFTER(valid_from, DATE('2020-02-30'))", "byte 25", "not an RFC 3339"),
        ("special_zone", "prohibits = 'a'", "byte 12", "is not compared"),
        ("special_zone", "A_CONTAINS(prohibits, (1))", "byte 23", "a text is expected"),
        ("special_zone", "owner_note = 'a'", "byte 0", "there is no property"),
        ("parcel", "owner_note = 'a'", "byte 0", "there is no property"),
    ] {
        let fault = checked(layer, text).expect_err(text);
        assert_eq!(fault.at, place, "{text}: {fault:?}");
        assert!(fault.detail.contains(words), "{text}: {}", fault.detail);
    }
    for (value, place) in [
        (json!({ "op": "=", "args": [{ "property": "a" }] }), "/args"),
        (json!({ "op": "and", "args": [true, { "op": "not", "args": [] }] }), "/args/1/args"),
        (json!({ "op": "in", "args": [{ "property": "a" }, 5] }), "/args/1"),
        (json!({ "op": "isNull", "args": [null] }), "/args/0"),
        (
            json!({ "op": "s_intersects", "args": [{ "property": "geometry" },
            { "type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0]]] }] }),
            "/args/1/coordinates/0",
        ),
        (json!([1, { "date": "x" }]), "/1"),
        (json!({}), ""),
    ] {
        let fault = filter::parse_json(&value).expect_err("a fault");
        assert_eq!(fault.at, place, "{value}: {fault:?}");
    }
}

#[test]
fn what_is_too_deep_or_too_long_is_refused_at_once() {
    let deep = |open: &str, n: usize, close: &str| open.repeat(n) + "true" + &close.repeat(n);
    let mut hostile = vec![
        deep("(", 10_000, ")"),
        deep("NOT ", 10_000, ""),
        deep("(", 31_000, ""),
        "x".repeat(10 << 20),
        format!("'{}'", "''".repeat(5 << 20)),
        format!("floors = 1{}", " + 1".repeat(15_000)),
        format!("floors = 2{}", " ^ 2".repeat(15_000)),
        format!("floors = {}1", "- ".repeat(30_000)),
        format!("{}1{}", "lower(".repeat(9_000), ")".repeat(9_000)),
        format!("{}POINT(0 0)", "GEOMETRYCOLLECTION(".repeat(3_000)),
    ];
    hostile.push("(".repeat(60_000));
    for text in &hostile {
        let started = Instant::now();
        filter::parse_text(text).expect_err("refused");
        let taken = started.elapsed();
        assert!(taken.as_millis() < 500, "{taken:?}: {}", &text[..40]);
    }
    let mut json = json!(true);
    for _ in 0..100 {
        json = json!({ "op": "not", "args": [json] });
    }
    filter::parse_json(&json).expect_err("refused");
    let long: Vec<Value> = (0..30_000).map(|n| json!(n)).collect();
    let json = json!({ "op": "in", "args": [{ "property": "floors" }, long] });
    filter::parse_json(&json).expect_err("refused");
    let fine = (0..10_000).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    checked("building", &format!("floors IN ({fine})")).expect("a long list");
    let wide = vec!["floors = 1"; 4_000].join(" OR ");
    checked("building", &wide).expect("a long chain");
}

struct Zone {
    id: i64,
    code: Option<String>,
    floors: Option<i64>,
    height: Option<f64>,
    valid: Option<bool>,
    built: Option<jiff::civil::Date>,
    list: Option<Vec<String>>,
    geometry: Option<Arc<geo::Geometry<f64>>>,
}

impl Scene for Zone {
    fn value(&self, name: &str) -> Thing {
        fn or_null<T>(value: Option<T>, thing: fn(T) -> Thing) -> Thing {
            value.map_or(Thing::Null, thing)
        }
        match name {
            "id" => Thing::Integer(self.id),
            "name" => or_null(self.code.clone(), Thing::Text),
            "count" => or_null(self.floors, Thing::Integer),
            "height" => or_null(self.height, Thing::Number),
            "valid" => or_null(self.valid, Thing::Boolean),
            "built" => or_null(self.built, Thing::Date),
            "kinds" => or_null(self.list.clone(), Thing::List),
            "geometry" => or_null(self.geometry.clone(), Thing::Geometry),
            "area_m2" => or_null(self.geometry.clone(), |geometry| {
                Thing::Number(geo::Area::unsigned_area(&*geometry))
            }),
            _ => Thing::Null,
        }
    }
}

/// A town with one layer that has a property of each kind.
async fn kinds() -> (Town, Office) {
    let town = Town::new("kinds", &["municipal_boundary"]);
    town.write("thing", |_| {
        r#"
title = { en = "Things", ru = "Вещи" }
group = "land"
division = "kzio"
geometry = "multipolygon"
zoom = { min = 10, max = 18 }
read = "public"
edit = ["editor"]
property = [
  { name = "name", type = "text", label = { en = "Name", ru = "Имя" } },
  { name = "count", type = "integer", label = { en = "Count", ru = "Число" } },
  { name = "height", type = "number", label = { en = "Height", ru = "Высота" } },
  { name = "valid", type = "boolean", label = { en = "Valid", ru = "Верно" } },
  { name = "built", type = "date", label = { en = "Built", ru = "Дата" } },
  { name = "kinds", type = "text_array", label = { en = "Kinds", ru = "Виды" } },
]
"#
        .into()
    });
    let config = empty_database().await;
    prepare(&config, &town.city()).await;
    let office = Office::over(config, town.city()).await;
    (town, office)
}

const NAMES: [&str; 8] = ["Ель", "ёлка", "Ёлка", "йод", "иод", "café", "Cafe%", "a_b"];

fn predicates() -> impl Strategy<Value = String> {
    let text = prop::sample::select(NAMES.to_vec()).prop_map(|name| format!("'{name}'"));
    let pattern = prop::sample::select(vec!["'%к%'", "'_л%'", "'Cafe\\%'", "'%'", "'a\\_b'", "''"]);
    let date = (1..28u8, 1..4u8).prop_map(|(d, m)| format!("2024-{m:02}-{d:02}"));
    let date2 = date.clone();
    let number = prop_oneof![
        (-3..6i64).prop_map(|n| n.to_string()),
        (-30..60i64).prop_map(|n| format!("{:?}", n as f64 / 10.0)),
    ];
    let op = prop::sample::select(vec!["=", "<>", "<", "<=", ">", ">="]);
    let arithmetic = (
        prop::sample::select(vec!["count", "height", "id"]),
        prop::sample::select(vec!["+", "-", "*", "/", "%", "div"]),
        number.clone(),
    )
        .prop_map(|(a, op, b)| format!("({a} {op} {b})"));
    let numeric = prop_oneof![
        Just("count".to_string()),
        Just("height".to_string()),
        Just("id".to_string()),
        Just("abs(height)".to_string()),
        Just("floor(height)".to_string()),
        Just("round(height)".to_string()),
        Just("char_length(name)".to_string()),
        Just("year(built)".to_string()),
        arithmetic,
        number.clone(),
    ];
    // Corners on a grid, so that many only touch.
    let boxes = (0..8u8, 0..8u8, 1..5u8, 1..5u8).prop_map(|(x, y, w, h)| {
        let x0 = 1_304_700.0 + f64::from(x) * 10.0;
        let y0 = 476_900.0 + f64::from(y) * 10.0;
        let (x1, y1) = (x0 + f64::from(w) * 10.0, y0 + f64::from(h) * 10.0);
        format!("POLYGON(({x0} {y0}, {x1} {y0}, {x1} {y1}, {x0} {y1}, {x0} {y0}))")
    });
    let relation = prop::sample::select(vec![
        "S_INTERSECTS",
        "S_DISJOINT",
        "S_EQUALS",
        "S_TOUCHES",
        "S_WITHIN",
        "S_OVERLAPS",
        "S_CONTAINS",
    ]);
    let time = prop::sample::select(vec![
        "T_AFTER",
        "T_BEFORE",
        "T_CONTAINS",
        "T_DISJOINT",
        "T_DURING",
        "T_EQUALS",
        "T_FINISHEDBY",
        "T_FINISHES",
        "T_INTERSECTS",
        "T_MEETS",
        "T_METBY",
        "T_OVERLAPPEDBY",
        "T_OVERLAPS",
        "T_STARTEDBY",
        "T_STARTS",
    ]);
    let when = prop_oneof![
        Just("built".to_string()),
        date.clone().prop_map(|d| format!("DATE('{d}')")),
        date.clone().prop_map(|d| format!("TIMESTAMP('{d}T12:00:00Z')")),
        (date.clone(), date2.clone()).prop_map(|(a, b)| format!("INTERVAL('{a}', '{b}')")),
        date.clone().prop_map(|a| format!("INTERVAL(built, '{a}')")),
        date.clone().prop_map(|a| format!("INTERVAL('..', '{a}T10:00:00Z')")),
        Just("INTERVAL(built, '..')".to_string()),
    ];
    let list = prop::sample::subsequence(vec!["'a'", "'b'", "'c'"], 0..=3)
        .prop_map(|list| format!("({})", list.join(", ")));
    let sets = prop::sample::select(vec!["A_EQUALS", "A_CONTAINS", "A_CONTAINEDBY", "A_OVERLAPS"]);
    let folded =
        prop::sample::select(vec!["NAME", "CASEI(NAME)", "ACCENTI(NAME)", "CASEI(ACCENTI(NAME))"]);
    let leaf = prop_oneof![
        (numeric.clone(), op.clone(), numeric.clone())
            .prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        (folded.clone(), op.clone(), text.clone()).prop_map(|(f, op, t)| {
            format!("{} {op} {}", f.replace("NAME", "name"), f.replace("NAME", &t))
        }),
        (folded, pattern).prop_map(|(f, p)| {
            format!("{} LIKE {}", f.replace("NAME", "name"), f.replace("NAME", p))
        }),
        (numeric.clone(), numeric.clone(), numeric.clone())
            .prop_map(|(a, b, c)| format!("{a} BETWEEN {b} AND {c}")),
        prop::collection::vec(text.clone(), 1..4)
            .prop_map(|t| format!("name IN ({})", t.join(","))),
        prop::collection::vec(number, 1..4).prop_map(|n| format!("count NOT IN ({})", n.join(","))),
        prop::sample::select(vec!["name", "count", "valid", "built", "kinds", "geometry"])
            .prop_map(|name| format!("{name} IS NULL")),
        (op.clone(), date).prop_map(|(op, d)| format!("built {op} DATE('{d}')")),
        (op, date2).prop_map(|(op, d)| format!("built {op} TIMESTAMP('{d}T00:00:00Z')")),
        Just("valid".to_string()),
        Just("valid = false".to_string()),
        (relation, boxes).prop_map(|(r, b)| format!("{r}(geometry, {b})")),
        (time, when.clone(), when).prop_map(|(t, a, b)| format!("{t}({a}, {b})")),
        (sets, list).prop_map(|(op, list)| format!("{op}(kinds, {list})")),
        (300..2_000u32).prop_map(|n| format!("area(geometry) > {n} AND area_m2 < {}", n * 2)),
    ];
    leaf.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4)
                .prop_map(|l| format!("({})", l.join(" AND "))),
            prop::collection::vec(inner.clone(), 2..4)
                .prop_map(|l| format!("({})", l.join(" OR "))),
            inner.prop_map(|p| format!("NOT ({p})")),
        ]
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_and_memory_find_the_same_features_by_any_filter() {
    let (_town, office) = kinds().await;
    office
        .sql(
            "insert into layer.thing (name, count, height, valid, built, kinds, geometry)
             select (array['Ель','ёлка','Ёлка','йод','иод','café','Cafe%','a_b',null])[1 + i % 9],
                    case when i % 7 = 0 then null else i % 5 end,
                    case when i % 6 = 0 then null else (i % 40 - 10) / 4.0 end,
                    case i % 3 when 0 then null when 1 then true else false end,
                    case when i % 8 = 0 then null else date '2024-01-01' + i % 80 end,
                    (array[null, '{}', '{a}', '{a,b}', '{b,c}', '{c,b,a}'])[1 + i % 6]::text[],
                    case when i % 10 = 0 then null else st_multi(st_makeenvelope(
                      1304700 + 10 * (i % 8), 476900 + 10 * (i / 8 % 8),
                      1304700 + 10 * (i % 8 + 1 + i % 3), 476900 + 10 * (i / 8 % 8 + 1 + i % 4),
                      990161)) end
             from generate_series(1, 200) i",
        )
        .await;
    let client = imgis::db::connect(&office.config).await.expect("the database");
    let mut zones = Vec::new();
    let text = "select id, name, count, height, valid, built, kinds, st_asbinary(geometry)
                from layer.thing order by id";
    for row in client.query(text, &[]).await.expect("rows") {
        let wkb: Option<Vec<u8>> = row.get(7);
        let geometry = wkb.map(|wkb| {
            use geozero::ToGeo;
            Arc::new(geozero::wkb::Wkb(wkb).to_geo().expect("a geometry"))
        });
        zones.push(Zone {
            id: row.get(0),
            code: row.get(1),
            floors: row.get(2),
            height: row.get(3),
            valid: row.get(4),
            built: row.get(5),
            list: row.get(6),
            geometry,
        });
    }
    let cases = if std::env::var_os("IMGIS_SOAK").is_some() { 4_000 } else { 300 };
    let mut runner = TestRunner::new(Config { cases, ..Config::default() });
    let strategy = predicates();
    let layer = office.imgis.catalogue.layer("thing").expect("the layer");
    let queryables = Queryables::of(layer, &Caller::Public);
    let city = &office.imgis.city;
    let (mut some, mut all) = (0, 0);
    for _ in 0..cases {
        use proptest::strategy::ValueTree;
        let text = strategy.new_tree(&mut runner).expect("a predicate").current();
        let parsed = filter::parse_text(&text).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
        assert_eq!(filter::parse_text(&parsed.to_text()).as_ref(), Ok(&parsed), "{text}");
        assert_eq!(filter::parse_json(&parsed.to_json()).as_ref(), Ok(&parsed), "{text}");
        let filter = Filter::new(parsed, &queryables, Crs::City(city.srid), city)
            .unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
        let mut params = imgis::db::Params::default();
        let condition = filter.sql(&queryables, city.srid, &mut params).expect("SQL");
        let sql = format!("select id from layer.thing where {condition} order by id");
        let rows = params.query(&client, &sql).await;
        let rows = rows.unwrap_or_else(|error| panic!("{text}\n{sql}\n{error:?}"));
        let found: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
        let held = zones.iter().filter(|zone| filter.holds(*zone) == Some(true));
        let held: Vec<i64> = held.map(|zone| zone.id).collect();
        assert_eq!(found, held, "{text}\n{sql}");
        some += usize::from(!found.is_empty());
        all += usize::from(found.len() == zones.len());
    }
    assert!(some > cases as usize / 4 && all < some, "{some} of {cases} find something, {all} all");
}
