//! Tables of features out: each format is written from records made by hand and read by other software.

use std::io::{Read, Write as _};
use std::path::PathBuf;
use std::process::Command;

use geozero::{CoordDimensions, ToWkb};
use imgis::config::Words;
use imgis::error::Error;
use imgis::exchange::write::{Format, Options, open};
use imgis::feature::{Column, Record, Sheet};
use imgis::geometry::{Crs, wkb};
use imgis::layer::{GeometryType, PropertyType, Value};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::office::kazan;

const CITY: Crs = Crs::City(990_161);

fn column(name: &str, kind: PropertyType, russian: &str) -> Column {
    let label = Words::from([("ru".into(), russian.into()), ("en".into(), name.to_uppercase())]);
    let unit = name.ends_with("_m2").then(|| "m²".to_string());
    Column { name: name.into(), kind, label, unit }
}

fn sheet(geometry: Option<GeometryType>, crs: Crs) -> Sheet {
    Sheet {
        name: "parcel".into(),
        title: "Участки: все/сразу".into(),
        geometry,
        crs,
        columns: vec![
            column("cadastral_number", PropertyType::CadastralNumber, "Кадастровый номер"),
            column("note", PropertyType::Text, "Примечание"),
            column("floors", PropertyType::Integer, "Этажи"),
            column("area_m2", PropertyType::Number, "Площадь"),
            column("listed", PropertyType::Boolean, "На учёте"),
            column("since", PropertyType::Date, "С даты"),
            column("tags", PropertyType::TextArray, "Метки"),
        ],
        about: vec![
            ("Вопрос".into(), "участки в границах".into()),
            ("Когда".into(), "2026-02-01 12:00".into()),
        ],
    }
}

fn wkb_of(geometry: impl Into<geo::Geometry<f64>>) -> Vec<u8> {
    geometry.into().to_wkb(CoordDimensions::xy()).expect("WKB")
}

/// A square with a hole, and a triangle beside it; `(e, n)` is the lower left corner.
fn two_parts(e: f64, n: f64, size: f64) -> Vec<u8> {
    let at = |x: f64, y: f64| geo::coord! { x: e + x * size, y: n + y * size };
    let ring = |corners: &[(f64, f64)]| {
        geo::LineString::new(corners.iter().map(|(x, y)| at(*x, *y)).collect())
    };
    let outer = ring(&[(0., 0.), (4., 0.), (4., 4.), (0., 4.), (0., 0.)]);
    let hole = ring(&[(1., 1.), (1., 2.), (2., 2.), (2., 1.), (1., 1.)]);
    let beside = ring(&[(5., 0.), (6., 0.), (5., 1.), (5., 0.)]);
    let polygons =
        vec![geo::Polygon::new(outer, vec![hole]), geo::Polygon::new(beside, Vec::new())];
    wkb_of(geo::MultiPolygon::new(polygons))
}

fn full(id: i64, note: &str, geometry: Option<Vec<u8>>) -> Record {
    Record {
        id,
        geometry,
        values: vec![
            Value::Text("16:50:011204:15".into()),
            Value::Text(note.into()),
            Value::Integer(-9),
            Value::Number(1234.5),
            Value::Boolean(true),
            Value::Date("2026-01-31".parse().expect("a date")),
            Value::List(vec!["а; б".into(), "\"в\"".into()]),
        ],
    }
}

fn bare(id: i64, geometry: Option<Vec<u8>>) -> Record {
    Record { id, geometry, values: vec![Value::Null; 7] }
}

fn records(corner: (f64, f64), size: f64) -> Vec<Record> {
    let shape = |step: f64| Some(two_parts(corner.0 + step * size * 10.0, corner.1, size));
    vec![
        full(7, "дом «А», \"угол\"\nи двор", shape(0.0)),
        full(8, "=1+1", shape(1.0)),
        bare(9, None),
        bare(12, shape(2.0)),
    ]
}

/// The bytes of a whole table.
fn written(format: Format, sheet: &Sheet, options: Options, records: &[Record]) -> Vec<u8> {
    let mut writer = open(format, sheet, &kazan(), options).expect("a writer");
    let mut out = Vec::new();
    for record in records {
        writer.push(record, &mut out).expect("a record is taken");
        assert_eq!(out.is_empty(), !format.streams(), "{format:?}");
    }
    let file = writer.finish(&mut out).expect("an end");
    assert_eq!(file.is_none(), format.streams());
    if let Some(mut file) = file {
        file.read_to_end(&mut out).expect("the file is at its start");
    }
    out
}

struct Saved {
    path: PathBuf,
    _folder: TempDir,
}

fn saved(format: Format, sheet: &Sheet, records: &[Record]) -> Saved {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(format!("table.{}", format.extension()));
    let bytes = written(format, sheet, Options::default(), records);
    std::fs::File::create(&path).and_then(|mut file| file.write_all(&bytes)).expect("a file");
    Saved { path, _folder: folder }
}

fn run(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().expect("GDAL is installed (gdal-bin)");
    let faults = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && faults.is_empty(), "{program} {args:?}: {faults}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// What GDAL reads, as GeoJSON features.
fn read_by_gdal(saved: &Saved, further: &[&str]) -> Vec<Json> {
    let path = saved.path.to_str().expect("text");
    let mut args = vec!["-f", "GeoJSON", "/vsistdout/", path, "-lco", "COORDINATE_PRECISION=7"];
    args.extend_from_slice(further);
    let json: Json = serde_json::from_str(&run("ogr2ogr", &args)).expect("JSON");
    json["features"].as_array().expect("features").clone()
}

fn summary(saved: &Saved) -> String {
    run("ogrinfo", &["-so", "-al", saved.path.to_str().expect("text")])
}

/// GDAL's features in the order of `id`, which some formats have as a property.
fn by_id(mut features: Vec<Json>) -> Vec<(i64, Json)> {
    let id = |feature: &Json| {
        let id = &feature["properties"]["id"];
        let id = if id.is_null() { &feature["id"] } else { id };
        id.as_i64().expect("an id")
    };
    features.sort_by_key(id);
    features.into_iter().map(|feature| (id(&feature), feature)).collect()
}

#[test]
fn gdal_reads_back_what_each_format_was_given() {
    let sheet = sheet(Some(GeometryType::MultiPolygon), Crs::Crs84);
    let records = records((49.1, 55.8), 0.001);
    let csv = ["-oo", "GEOM_POSSIBLE_NAMES=geometry", "-oo", "KEEP_GEOM_COLUMNS=NO", "-oo"];
    let csv = [&csv[..], &["AUTODETECT_TYPE=YES"]].concat();
    let formats = [Format::GeoJsonSeq, Format::Csv, Format::FlatGeobuf, Format::GeoPackage];
    for format in formats {
        let saved = saved(format, &sheet, &records);
        let further = if format == Format::Csv { &csv[..] } else { &[] };
        let features = by_id(read_by_gdal(&saved, further));
        let ids: Vec<i64> = features.iter().map(|(id, _)| *id).collect();
        assert_eq!(ids, [7, 8, 9, 12], "{format:?}");
        let (first, formula, empty) = (&features[0].1, &features[1].1, &features[2].1);
        let properties = &first["properties"];
        assert_eq!(properties["cadastral_number"], "16:50:011204:15", "{format:?}");
        assert_eq!(properties["note"], "дом «А», \"угол\"\nи двор", "{format:?}");
        assert_eq!(properties["floors"], -9, "{format:?}");
        assert_eq!(properties["area_m2"], 1234.5, "{format:?}");
        let date = properties["since"].as_str().expect("a date").replace('/', "-");
        assert!(date.starts_with("2026-01-31"), "{format:?}: {date}");
        if format == Format::Csv {
            assert_eq!(properties["tags"], "а; б; \"в\"");
            assert_eq!(formula["properties"]["note"], "'=1+1");
        } else {
            assert_eq!(properties["tags"], json!(["а; б", "\"в\""]), "{format:?}");
            assert_eq!(properties["listed"], true, "{format:?}");
            assert_eq!(formula["properties"]["note"], "=1+1");
            assert_eq!(empty["properties"]["area_m2"], Json::Null, "{format:?}");
        }
        assert_eq!(empty["geometry"], Json::Null, "{format:?}");
        let expected = json!({ "type": "MultiPolygon", "coordinates": [
            [
                [[49.1, 55.8], [49.104, 55.8], [49.104, 55.804], [49.1, 55.804], [49.1, 55.8]],
                [[49.101, 55.801], [49.101, 55.802], [49.102, 55.802], [49.102, 55.801],
                    [49.101, 55.801]]
            ],
            [[[49.105, 55.8], [49.106, 55.8], [49.105, 55.801], [49.105, 55.8]]]
        ]});
        assert_eq!(first["geometry"], expected, "{format:?}");
    }
}

#[test]
fn a_file_in_the_citys_system_lies_where_the_city_lies() {
    let sheet = sheet(Some(GeometryType::Point), CITY);
    let (east, north) = (1_304_586.56, 476_786.09);
    let at = |east: f64, north: f64| Some(wkb_of(geo::point! { x: east, y: north }));
    let records = [bare(1, at(east, north)), bare(2, at(east + 1000.0, north + 500.0))];
    let proj = imgis::geometry::Projector::new(&kazan().proj).expect("a system");
    let (lng, lat) = proj.unproject(east, north).expect("a place");
    for format in [Format::FlatGeobuf, Format::GeoPackage] {
        let saved = saved(format, &sheet, &records);
        let text = summary(&saved);
        assert!(text.contains("Feature Count: 2"), "{text}");
        assert!(
            text.contains(
                "Extent: (1304586.560000, 476786.090000) - (1305586.560000, 477286.090000)"
            ),
            "{text}"
        );
        assert!(text.contains("msk16-1") && text.contains("Krassovsky"), "{text}");
        let moved = by_id(read_by_gdal(&saved, &["-t_srs", "EPSG:4326"]));
        let place = &moved[0].1["geometry"]["coordinates"];
        let off = |found: &Json, wanted: f64| (found.as_f64().expect("a number") - wanted).abs();
        assert!(off(&place[0], lng) < 2e-7 && off(&place[1], lat) < 2e-7, "{place} {lng} {lat}");
    }
}

#[test]
fn a_spatial_index_finds_what_lies_in_a_box_and_nothing_else() {
    let sheet = sheet(Some(GeometryType::Point), CITY);
    let mut records: Vec<Record> = (0..900)
        .map(|n| {
            let (x, y) = (f64::from(n % 30) * 10.0, f64::from(n / 30) * 10.0);
            bare(i64::from(n), Some(wkb_of(geo::point! { x: x, y: y })))
        })
        .collect();
    records.insert(100, bare(900, None));
    for format in [Format::FlatGeobuf, Format::GeoPackage] {
        let saved = saved(format, &sheet, &records);
        let found = by_id(read_by_gdal(&saved, &["-spat", "95", "45", "121", "61"]));
        let ids: Vec<i64> = found.iter().map(|(id, _)| *id).collect();
        assert_eq!(ids, [160, 161, 162, 190, 191, 192], "{format:?}");
        assert_eq!(read_by_gdal(&saved, &[]).len(), 901, "{format:?}");
    }
}

#[test]
fn lines_and_empty_geometries_pass_through_every_format() {
    let sheet = sheet(Some(GeometryType::MultiLineString), Crs::Crs84);
    let line = geo::LineString::from(vec![(49.0, 55.5), (49.25, 55.75)]);
    let lines = geo::MultiLineString::new(vec![line.clone(), line.clone()]);
    let records = [
        bare(1, Some(wkb_of(lines))),
        bare(2, Some(wkb_of(geo::MultiLineString::new(vec![line])))),
        bare(3, Some(wkb_of(geo::MultiLineString::<f64>::new(Vec::new())))),
    ];
    let one = json!([[49.0, 55.5], [49.25, 55.75]]);
    for format in [Format::GeoJsonSeq, Format::FlatGeobuf, Format::GeoPackage] {
        let features = by_id(read_by_gdal(&saved(format, &sheet, &records), &[]));
        assert_eq!(features.len(), 3, "{format:?}");
        assert_eq!(features[0].1["geometry"]["coordinates"], json!([one, one]), "{format:?}");
        assert_eq!(features[1].1["geometry"]["coordinates"], json!([one]), "{format:?}");
    }
    let csv = String::from_utf8(written(Format::Csv, &sheet, Options::default(), &records));
    assert!(csv.expect("UTF-8").ends_with("3,,,,,,,,MULTILINESTRING EMPTY\r\n"));
}

#[test]
fn csv_has_its_header_and_guards_formulas_but_no_numbers() {
    let sheet = sheet(Some(GeometryType::Point), CITY);
    let point = Some(wkb_of(geo::point! { x: 1_304_586.560_4, y: -0.000_01 }));
    let guarded = ["=HYPERLINK(\"x\")", "+7 843", "-1", "@a", "\tx", "\rx", "а=б"];
    let mut records: Vec<Record> = guarded.iter().map(|note| full(1, note, None)).collect();
    records.push(bare(2, point));
    let text = String::from_utf8(written(Format::Csv, &sheet, Options::default(), &records));
    let text = text.expect("UTF-8");
    let head = "id,cadastral_number,note,floors,area_m2,listed,since,tags,geometry\r\n";
    assert!(text.starts_with(head), "{text}");
    let tail = ",-9,1234.5,true,2026-01-31,\"а; б; \"\"в\"\"\",\r\n";
    let row = |note: &str| format!("1,16:50:011204:15,{note}{tail}");
    for note in ["\"'=HYPERLINK(\"\"x\"\")\"", "'+7 843", "'-1", "'@a", "'\tx", "\"'\rx\"", "а=б"]
    {
        assert!(text.contains(&row(note)), "{note}: {text}");
    }
    assert!(text.ends_with("\r\n2,,,,,,,,POINT(1304586.56 0)\r\n"), "{text}");
    let options = Options { bom: true, ..Options::default() };
    let marked = written(Format::Csv, &sheet, options, &[]);
    assert_eq!(String::from_utf8(marked).expect("UTF-8"), format!("\u{feff}{head}"));
}

#[test]
fn geojson_sequences_are_exact_to_the_byte() {
    let mut sheet = sheet(Some(GeometryType::Point), Crs::Epsg3857);
    sheet.columns.truncate(2);
    let mut record = bare(5, Some(wkb_of(geo::point! { x: 5_467_123.456_7, y: 7_512_000.1 })));
    record.values = vec![Value::Null, Value::Text("а\"\n".into())];
    let text = |sheet: &Sheet| {
        let bytes = written(Format::GeoJsonSeq, sheet, Options::default(), &[record.clone()]);
        String::from_utf8(bytes).expect("UTF-8")
    };
    let properties = r#""properties":{"cadastral_number":null,"note":"а\"\n"}}"#;
    let feature = |place: &str| {
        let geometry = format!(r#"{{"type":"Point","coordinates":[{place}]}}"#);
        format!("\u{1e}{{\"type\":\"Feature\",\"id\":5,\"geometry\":{geometry},{properties}\n")
    };
    assert_eq!(text(&sheet), feature("5467123.46,7512000.1"));
    sheet.crs = CITY;
    assert_eq!(text(&sheet), feature("5467123.457,7512000.1"));
    sheet.crs = Crs::Epsg4326;
    record.geometry = Some(wkb_of(geo::point! { x: 49.123_456_78, y: 55.5 }));
    let bytes = written(Format::GeoJsonSeq, &sheet, Options::default(), &[record.clone()]);
    assert_eq!(String::from_utf8(bytes).expect("UTF-8"), feature("55.5,49.1234568"));
}

#[test]
fn a_spreadsheet_holds_real_values_under_labels_and_says_what_was_asked() {
    let mut sheet = sheet(Some(GeometryType::Point), Crs::Crs84);
    let at = Some(wkb_of(geo::point! { x: 49.1, y: 55.8 }));
    let long = "ж".repeat(40_000);
    let mut many = vec![full(7, "=1+1", at), bare(8, None), full(9, &long, None)];
    many[1].values[2] = Value::Integer(9_007_199_254_740_993);
    let book = saved(Format::Xlsx, &sheet, &many);
    let path = book.path.to_str().expect("text");
    let text = run("ogrinfo", &["-al", path]);
    assert!(text.contains("Layer name: Участки  все сразу"), "{text}");
    assert!(text.contains("Layer name: О выгрузке"), "{text}");
    for line in [
        "id (Integer) = 7",
        "Кадастровый номер (String) = 16:50:011204:15",
        "Примечание (String) = =1+1",
        "Этажи (String) = -9",
        "Этажи (String) = 9007199254740993",
        "Площадь, м² (Real) = 1234.5",
        "На учёте (Integer(Boolean)) = 1",
        "С даты (Date) = 2026/01/31",
        "Метки (String) = а; б; \"в\"",
        "Точка (WKT) (String) = POINT(49.1 55.8)",
        "участки в границах",
        "Обрезано текстов",
    ] {
        assert!(text.contains(line), "{line}: {}", text.replace(&long[..1000], "ж…"));
    }
    sheet.geometry = Some(GeometryType::MultiPolygon);
    let text = run(
        "ogrinfo",
        &["-so", "-al", saved(Format::Xlsx, &sheet, &many).path.to_str().expect("text")],
    );
    assert!(!text.contains("WKT"), "{text}");
}

#[test]
fn a_spreadsheet_refuses_a_row_that_excel_has_no_place_for() {
    let mut sheet = sheet(None, CITY);
    sheet.columns.clear();
    let mut writer = open(Format::Xlsx, &sheet, &kazan(), Options::default()).expect("a writer");
    let mut record = Record { id: 0, geometry: None, values: Vec::new() };
    for id in 0..1_048_575 {
        record.id = id;
        writer.push(&record, &mut Vec::new()).expect("a row");
    }
    let refused = writer.push(&record, &mut Vec::new());
    assert!(matches!(refused, Err(Error::TooLarge { .. })), "{refused:?}");
}

#[test]
fn a_geopackage_is_whole_by_sqlite_and_by_its_own_tables() {
    let sheet = sheet(Some(GeometryType::MultiPolygon), CITY);
    let mut many = records((1_304_000.0, 476_000.0), 10.0);
    many.push(many[0].clone()); // one id twice is no fault
    let saved = saved(Format::GeoPackage, &sheet, &many);
    let file = rusqlite::Connection::open(&saved.path).expect("SQLite");
    let text = |sql: &str| -> String {
        let cell = |row: &rusqlite::Row| row.get::<_, rusqlite::types::Value>(0);
        format!("{:?}", file.query_row(sql, [], cell).expect(sql))
    };
    assert_eq!(text("pragma integrity_check"), "Text(\"ok\")");
    assert_eq!(text("select count(*) from pragma_foreign_key_check"), "Integer(0)");
    assert_eq!(text("pragma application_id"), format!("Integer({})", 0x4750_4b47));
    assert_eq!(text("pragma user_version"), "Integer(10300)");
    assert_eq!(text("select count(*) from parcel"), "Integer(5)");
    assert_eq!(text("select count(*) from rtree_parcel_geometry"), "Integer(4)");
    assert_eq!(text("select rtreecheck('rtree_parcel_geometry')"), "Text(\"ok\")");
    assert_eq!(text("select max_x from gpkg_contents"), "Real(1304260.0)");
    assert_eq!(text("select count(*) from gpkg_spatial_ref_sys"), "Integer(4)");
    let triggers = "select count(*) from sqlite_schema where type = 'trigger'";
    assert_eq!(text(triggers), "Integer(6)");
    assert_eq!(text("select typeof(tags) || since from parcel"), "Text(\"text2026-01-31\")");
    assert_eq!(text("select geometry is null from parcel where id = 9"), "Integer(1)");
    let shown = summary(&saved);
    for word in ["участки в границах", "Feature Count: 5", "String(JSON)", "FID Column = fid"]
    {
        assert!(shown.contains(word), "{word}: {shown}");
    }
    for kind in ["note: String", "floors: Integer64", "listed: Integer(Boolean)", "since: Date"] {
        assert!(shown.contains(kind), "{kind}: {shown}");
    }
    // Whoever deletes and moves features keeps the index: the triggers run in GDAL.
    let path = saved.path.to_str().expect("text");
    run("ogrinfo", &["-q", path, "-sql", "delete from parcel where id = 12"]);
    assert_eq!(text("select count(*) from rtree_parcel_geometry"), "Integer(3)");
}

#[test]
fn an_empty_set_is_a_valid_file_of_every_format() {
    let sheet = sheet(Some(GeometryType::MultiPolygon), CITY);
    for format in [Format::Csv, Format::FlatGeobuf, Format::GeoPackage, Format::Xlsx] {
        let text = summary(&saved(format, &sheet, &[]));
        if format != Format::Xlsx {
            assert!(text.contains("Feature Count: 0"), "{format:?}: {text}");
        }
    }
    let nothing = written(Format::GeoJsonSeq, &sheet, Options::default(), &[]);
    assert!(nothing.is_empty());
}

#[test]
fn records_without_a_geometry_are_attributes_and_no_flatgeobuf() {
    let sheet = sheet(None, CITY);
    let many = [full(1, "а", None), bare(2, None)];
    let refused = open(Format::FlatGeobuf, &sheet, &kazan(), Options::default()).err();
    assert!(
        matches!(&refused, Some(Error::Parameter { parameter, .. }) if parameter == "f"),
        "{refused:?}"
    );
    let text = summary(&saved(Format::GeoPackage, &sheet, &many));
    assert!(text.contains("Geometry: None") && text.contains("Feature Count: 2"), "{text}");
    let csv = String::from_utf8(written(Format::Csv, &sheet, Options::default(), &many));
    assert!(
        csv.expect("UTF-8")
            .starts_with("id,cadastral_number,note,floors,area_m2,listed,since,tags\r\n")
    );
    let only = written(Format::GeoJsonSeq, &sheet, Options::default(), &many[1..]);
    assert!(String::from_utf8_lossy(&only).contains("\"geometry\":null"));
    summary(&saved(Format::Xlsx, &sheet, &many));
}

#[test]
fn formats_are_known_by_the_names_that_f_takes() {
    for format in Format::ALL {
        assert_eq!(Format::parse(format.name()), Some(format));
        assert!(format.media_type().contains('/'));
    }
    assert_eq!(Format::parse("html"), None);
}

#[test]
fn a_record_that_does_not_fit_its_sheet_is_refused_not_shifted() {
    let sheet = sheet(Some(GeometryType::Point), CITY);
    let short = Record { id: 1, geometry: None, values: vec![Value::Null] };
    let broken = bare(2, Some(vec![1, 1, 0, 0, 0, 7]));
    for format in Format::ALL {
        for (record, matters) in [(&short, true), (&broken, true)] {
            let mut writer = open(format, &sheet, &kazan(), Options::default()).expect("a writer");
            let refused = writer.push(record, &mut Vec::new());
            assert_eq!(matches!(refused, Err(Error::Internal(_))), matters, "{format:?}");
        }
    }
}

/// Kilobytes of this process at its largest.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmHWM")).expect("a peak");
    line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).expect("a number")
}

#[test]
fn memory_does_not_grow_with_what_is_written() {
    let sheet = sheet(Some(GeometryType::MultiPolygon), CITY);
    let city = kazan();
    open(Format::GeoPackage, &sheet, &city, Options::default()).expect("PROJ is loaded");
    let before = peak();
    for format in Format::ALL {
        let start = std::time::Instant::now();
        let mut writer = open(format, &sheet, &city, Options::default()).expect("a writer");
        let (mut out, mut bytes) = (Vec::new(), 0);
        for id in 0..200_000i64 {
            let (e, n) = ((id % 447) as f64 * 20.0, (id / 447) as f64 * 20.0);
            let shape = Some(two_parts(1_300_000.0 + e, 470_000.0 + n, 2.0));
            writer.push(&full(id, "улица Баумана, дом 1", shape), &mut out).expect("a record");
            bytes += out.len();
            out.clear();
        }
        let file = writer.finish(&mut out).expect("an end");
        let size = file.map_or(bytes as u64, |file| file.metadata().expect("a size").len());
        let grown = peak() - before;
        let took = start.elapsed();
        println!("{format:?}: {} MB in {took:.1?}, peak +{} MB", size >> 20, grown >> 10);
        assert!(grown < 100 << 10, "{format:?}: {grown} kB");
    }
}

#[test]
fn broken_wkb_is_refused_and_empty_parts_have_words() {
    let text = |bytes: &[u8]| {
        let mut out = Vec::new();
        wkb::wkt(bytes, 3, false, &mut out).map(|()| String::from_utf8(out).expect("UTF-8"))
    };
    let whole = two_parts(0.0, 0.0, 1.0);
    assert_eq!(
        text(&whole).expect("WKT"),
        "MULTIPOLYGON(((0 0,4 0,4 4,0 4,0 0),(1 1,1 2,2 2,2 1,1 1)),((5 0,6 0,5 1,5 0)))"
    );
    for end in 0..whole.len() {
        assert!(text(&whole[..end]).is_err(), "{end}");
    }
    assert!(text(&[&whole[..], &[0]].concat()).is_err());
    let points = [geo::point! { x: 1.5, y: -2.0 }, geo::point! { x: f64::NAN, y: f64::NAN }];
    let points = wkb_of(geo::MultiPoint::new(points.to_vec()));
    assert_eq!(text(&points).expect("WKT"), "MULTIPOINT((1.5 -2),EMPTY)");
    let found = wkb::envelope(&whole).expect("a box").expect("not empty");
    assert_eq!([found.west, found.south, found.east, found.north], [0.0, 0.0, 6.0, 4.0]);
    assert!(text(&wkb_of(geo::point! { x: f64::INFINITY, y: 0.0 })).is_err());
}

proptest! {
    #[test]
    fn a_short_number_is_the_nearest_with_its_digits(value in -2e7..2e7f64, digits in 0..9usize) {
        let mut out = Vec::new();
        wkb::decimal(value, digits, &mut out);
        let text = String::from_utf8(out).expect("UTF-8");
        let back: f64 = text.parse().expect("a number");
        let step = 0.1f64.powi(digits as i32);
        prop_assert!((back - value).abs() <= step * 0.5 + value.abs() * 1e-15, "{value} {text}");
        prop_assert!(!text.contains('.') || !text.ends_with(['0', '.']), "{text}");
        prop_assert!(text != "-0");
    }
}
