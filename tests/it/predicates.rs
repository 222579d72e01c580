//! One hundred and fifty predicates over the demo city, counted by the filter on the wire and by SQL written
//! by hand: the two must agree, and together they use every operator of the language.

use imgis::demo::load;
use indicatif::ProgressBar;

use crate::office::Office;
use crate::queries::percent;

/// Layer, predicate, the same as a condition of SQL.
type Pair = (&'static str, String, String);

const CENTRE: &str = "st_transform(st_setsrid(st_makepoint(49.1064, 55.7989), 4326), 990161)";

/// A predicate that reads the same in both languages, but for what SQL must be told of.
fn same(layer: &'static str, text: &str) -> Pair {
    (layer, text.into(), text.into())
}

fn pair(layer: &'static str, text: &str, sql: &str) -> Pair {
    (layer, text.into(), sql.into())
}

fn comparisons() -> Vec<Pair> {
    let mut pairs = Vec::new();
    for op in ["=", "<>", "<", "<=", ">", ">="] {
        pairs.push(same("building", &format!("floors {op} 5")));
        pairs.push(same("building", &format!("height_m {op} 15.5")));
        pairs.push(pair(
            "building",
            &format!("purpose {op} 'residential'"),
            &format!("purpose collate \"C\" {op} 'residential'"),
        ));
        pairs.push(pair(
            "parcel",
            &format!("registered_on {op} DATE('2010-06-15')"),
            &format!("registered_on {op} date '2010-06-15'"),
        ));
        pairs.push(pair(
            "parcel",
            &format!("registered_on {op} TIMESTAMP('2010-06-15T12:00:00Z')"),
            &format!("registered_on::timestamp {op} timestamp '2010-06-15 12:00'"),
        ));
        pairs.push(same("parcel", &format!("area_doc_m2 {op} area_m2")));
        pairs.push(same("parcel", &format!("id {op} 1000")));
    }
    for literal in ["true", "false"] {
        pairs.push(same("special_zone", &format!("valid = {literal}")));
        pairs.push(same("special_zone", literal));
    }
    pairs.push(same("special_zone", "valid"));
    pairs.push(pair("special_zone", "NOT valid OR kind IS NULL", "not valid or kind is null"));
    for name in ["name", "floors", "height_m", "year", "cadastral_number"] {
        pairs.push(same("building", &format!("{name} IS NULL")));
        pairs.push(same("building", &format!("{name} IS NOT NULL")));
    }
    pairs.push(same("building", "geometry IS NULL"));
    pairs.push(same("building", "floors > 2 AND (year < 1960 OR year > 2000) AND NOT floors = 9"));
    pairs.push(same("building", "NOT (floors > 2 AND height_m > 10)"));
    pairs
}

fn advanced() -> Vec<Pair> {
    let mut pairs = vec![
        same("building", "floors BETWEEN 3 AND 6"),
        same("building", "floors NOT BETWEEN 3 AND 6"),
        same("building", "height_m BETWEEN 9.5 AND 12"),
        same("building", "floors IN (1, 2, 5, 9)"),
        same("building", "floors NOT IN (1, 2, 5, 9)"),
        same("parcel", "permitted_use IN ('izhs', 'mkd')"),
        same("parcel", "permitted_use NOT IN ('izhs', 'mkd', 'none')"),
        pair(
            "parcel",
            "registered_on IN (DATE('2010-01-01'), '2012-02-29')",
            "registered_on in ('2010-01-01', '2012-02-29')",
        ),
        pair(
            "parcel",
            "registered_on BETWEEN DATE('2005-01-01') AND DATE('2006-01-01')",
            "registered_on between '2005-01-01' and '2006-01-01'",
        ),
        pair("parcel", "cadastral_number = '16:50:10101:1'", "cadastral_number = '16:50:010101:1'"),
    ];
    for pattern in ["%a%", "ул%", "%Казань%", "_а%", "%10", "%\\%%", "nothing", "%", "И%а"]
    {
        pairs.push(same("street_axis", &format!("name LIKE '{pattern}'")));
        pairs.push(same("street_axis", &format!("name NOT LIKE '{pattern}'")));
    }
    for (text, plain) in [
        ("CASEI(name) LIKE CASEI('%УЛИЦА%')", "lower(name collate \"und-x-icu\") like '%улица%'"),
        (
            "CASEI(name) = CASEI('УЛИЦА БАУМАНА')",
            "lower(name collate \"und-x-icu\") = 'улица баумана'",
        ),
        ("ACCENTI(name) LIKE ACCENTI('%ё%')", "name like '%е%' or name like '%ё%'"),
        ("CASEI(ACCENTI(name)) LIKE 'е%'", "name ilike 'е%' or name ilike 'ё%'"),
        ("name LIKE '%й%' AND NOT ACCENTI(name) LIKE '%й%'", "false"),
        ("lower(class) = 'main'", "lower(class) = 'main'"),
        ("upper(class) IN ('MAIN', 'LOCAL')", "class in ('main', 'local')"),
        ("char_length(name) > 15", "char_length(name) > 15"),
    ] {
        pairs.push(pair("street_axis", text, plain));
    }
    pairs
}

fn arithmetic() -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (text, plain) in [
        ("height_m / floors > 3.2", "floors <> 0 and height_m / floors > 3.2"),
        ("height_m - 3 * floors > 0", "height_m - 3 * floors > 0"),
        ("(floors + 1) * 2 = 12", "floors = 5"),
        ("floors % 2 = 1", "floors % 2 = 1"),
        ("floors div 2 = 2", "floors / 2 = 2"),
        ("floors ^ 2 > 50", "floors * floors > 50"),
        ("-floors < -8", "floors > 8"),
        ("year - 1900 > floors * 10", "year - 1900 > floors * 10"),
        ("floors / 0 = 1", "false"),
        ("abs(floors - 5) < 2", "floors in (4, 5, 6)"),
        ("floor(height_m) = 12", "height_m >= 12 and height_m < 13"),
        ("ceil(height_m) = 12", "height_m > 11 and height_m <= 12"),
        ("round(height_m) = 12", "round(height_m) = 12"),
        ("gfa_m2 > area_m2 * floors * 0.9", "gfa_m2 > area_m2 * floors * 0.9"),
    ] {
        pairs.push(pair("building", text, plain));
    }
    pairs.push(pair(
        "parcel",
        "year(registered_on) = 2010",
        "extract(year from registered_on) = 2010",
    ));
    pairs.push(pair("parcel", "area(geometry) > 1000", "st_area(geometry) > 1000"));
    pairs.push(pair("street_axis", "length(geometry) > 500", "st_length(geometry) > 500"));
    pairs.push((
        "parcel",
        "distance(geometry, POINT(49.1064 55.7989)) < 300".into(),
        format!("st_dwithin(geometry, {CENTRE}, 300) and st_distance(geometry, {CENTRE}) < 300"),
    ));
    pairs
}

fn spatial() -> Vec<Pair> {
    let square = "POLYGON((49.10 55.79, 49.12 55.79, 49.12 55.80, 49.10 55.80, 49.10 55.79))";
    // Long edges in degrees are parted before they are projected.
    let placed =
        format!("st_transform(st_segmentize(st_geomfromtext('{square}', 4326), 0.01), 990161)");
    let mut pairs = Vec::new();
    for (op, function) in [
        ("S_INTERSECTS", "st_intersects"),
        ("S_WITHIN", "st_within"),
        ("S_CONTAINS", "st_contains"),
        ("S_OVERLAPS", "st_overlaps"),
        ("S_TOUCHES", "st_touches"),
        ("S_EQUALS", "st_equals"),
    ] {
        for layer in ["parcel", "territorial_zone", "building"] {
            pairs.push((
                layer,
                format!("{op}(geometry, {square})"),
                format!("{function}(geometry, {placed})"),
            ));
        }
    }
    for layer in ["parcel", "heritage_site", "street_axis"] {
        pairs.push((
            layer,
            format!("S_DISJOINT(geometry, {square})"),
            format!("not st_intersects(geometry, {placed})"),
        ));
    }
    pairs.push((
        "street_axis",
        format!("S_CROSSES(geometry, {square})"),
        format!("st_crosses(geometry, {placed})"),
    ));
    let line = "LINESTRING(49.10 55.795, 49.105 55.796, 49.11 55.795)";
    let placed_line =
        format!("st_transform(st_segmentize(st_geomfromtext('{line}', 4326), 0.01), 990161)");
    for (op, function) in [("S_INTERSECTS", "st_intersects"), ("S_CROSSES", "st_crosses")] {
        pairs.push((
            "parcel",
            format!("{op}(geometry, {line})"),
            format!("{function}(geometry, {placed_line})"),
        ));
    }
    pairs.push((
        "parcel",
        "S_CONTAINS(geometry, POINT(49.1064 55.7989))".into(),
        format!("st_contains(geometry, {CENTRE})"),
    ));
    pairs.push((
        "parcel",
        "S_INTERSECTS(geometry, BBOX(49.10, 55.79, 49.12, 55.80)) AND area_m2 > 500".into(),
        format!("st_intersects(geometry, {placed}) and area_m2 > 500"),
    ));
    pairs
}

fn temporal() -> Vec<Pair> {
    let day = "DATE('2015-06-01')";
    let years = "INTERVAL('2010-01-01', '2015-12-31')";
    let mut pairs = Vec::new();
    for (text, plain) in [
        (format!("T_AFTER(registered_on, {day})"), "registered_on > '2015-06-01'"),
        (format!("T_BEFORE(registered_on, {day})"), "registered_on < '2015-06-01'"),
        (format!("T_EQUALS(registered_on, {day})"), "registered_on = '2015-06-01'"),
        (
            format!("T_DURING(registered_on, {years})"),
            "registered_on > '2010-01-01' and registered_on < '2015-12-31'",
        ),
        (
            format!("T_INTERSECTS(registered_on, {years})"),
            "registered_on between '2010-01-01' and '2015-12-31'",
        ),
        (
            format!("T_DISJOINT(registered_on, {years})"),
            "not registered_on between '2010-01-01' and '2015-12-31'",
        ),
        (
            "T_AFTER(registered_on, INTERVAL('..', '2015-12-31'))".into(),
            "registered_on > '2015-12-31'",
        ),
        (
            "T_INTERSECTS(registered_on, INTERVAL('2015-12-31', '..'))".into(),
            "registered_on >= '2015-12-31'",
        ),
        (
            "T_INTERSECTS(registered_on, TIMESTAMP('2015-06-01T10:00:00Z'))".into(),
            "registered_on = '2015-06-01'",
        ),
    ] {
        pairs.push(("parcel", text, plain.into()));
    }
    for (op, plain) in [
        ("T_CONTAINS", "date < '2022-01-01' and valid_to > '2023-01-01'"),
        ("T_DURING", "date > '2022-01-01' and valid_to < '2023-01-01'"),
        (
            "T_OVERLAPS",
            "date < '2022-01-01' and valid_to > '2022-01-01' and valid_to < '2023-01-01'",
        ),
        (
            "T_OVERLAPPEDBY",
            "date > '2022-01-01' and date < '2023-01-01' and valid_to > '2023-01-01'",
        ),
        ("T_BEFORE", "valid_to < '2022-01-01'"),
        ("T_AFTER", "date > '2023-01-01'"),
        ("T_MEETS", "valid_to = '2022-01-01'"),
        ("T_METBY", "date = '2023-01-01'"),
        ("T_STARTS", "date = '2022-01-01' and valid_to < '2023-01-01'"),
        ("T_STARTEDBY", "date = '2022-01-01' and valid_to > '2023-01-01'"),
        ("T_FINISHES", "date > '2022-01-01' and valid_to = '2023-01-01'"),
        ("T_FINISHEDBY", "date < '2022-01-01' and valid_to = '2023-01-01'"),
        ("T_EQUALS", "date = '2022-01-01' and valid_to = '2023-01-01'"),
    ] {
        pairs.push((
            "building_permit",
            format!("{op}(INTERVAL(date, valid_to), INTERVAL('2022-01-01', '2023-01-01'))"),
            plain.into(),
        ));
    }
    pairs
}

fn arrays() -> Vec<Pair> {
    let mut pairs = Vec::new();
    for name in ["uses_main", "uses_conditional"] {
        for (op, sql) in [
            ("A_CONTAINS", "@> array['izhs']"),
            ("A_CONTAINEDBY", "<@ array['izhs', 'mkd', 'business', 'recreation']"),
            ("A_OVERLAPS", "&& array['mkd', 'industry']"),
        ] {
            let list = sql.split_once('[').expect("a list").1.trim_end_matches(']');
            pairs.push((
                "territorial_zone",
                format!("{op}({name}, ({list}))"),
                format!("{name} {sql}"),
            ));
        }
        pairs.push((
            "territorial_zone",
            format!("A_EQUALS({name}, ('mkd', 'izhs'))"),
            format!("{name} @> array['izhs', 'mkd'] and {name} <@ array['izhs', 'mkd']"),
        ));
    }
    pairs.push(pair(
        "territorial_zone",
        "A_OVERLAPS(uses_main, uses_conditional)",
        "uses_main && uses_conditional",
    ));
    pairs
}

#[tokio::test(flavor = "multi_thread")]
async fn one_hundred_and_fifty_predicates_count_as_sql_written_by_hand() {
    let office = Office::open().await;
    let mut client = imgis::db::connect(&office.config).await.expect("the database");
    office.sql("delete from layer.municipal_boundary").await;
    let (catalogue, city) = (&office.imgis.catalogue, &office.imgis.city);
    let bar = ProgressBar::hidden();
    load::load(&mut client, catalogue, city, 1, 1_500, &bar).await.expect("the demo city");
    let pairs: Vec<Pair> =
        [comparisons(), advanced(), arithmetic(), spatial(), temporal(), arrays()].concat();
    assert!(pairs.len() >= 150, "{}", pairs.len());
    let mut found_some = 0;
    for (layer, text, sql) in &pairs {
        let filter = percent(text);
        let path = format!("/collections/{layer}/items?limit=1&filter={filter}");
        let response = office.get_with(&path, "prefer", "count=exact").await;
        let status = response.status();
        let page: serde_json::Value = response.json().await.expect("JSON");
        assert!(status.is_success(), "{text}: {page}");
        let statement = format!("select count(*) from layer.{layer} where {sql}");
        let row = client.query_one(&statement, &[]).await;
        let wanted: i64 = row.unwrap_or_else(|error| panic!("{sql}: {error:?}")).get(0);
        assert_eq!(page["numberMatched"].as_i64(), Some(wanted), "{layer}: {text}");
        found_some += usize::from(wanted > 0);
    }
    assert!(found_some * 10 > pairs.len() * 6, "{found_some} of {} find anything", pairs.len());
}
