//! Tables of features out: each format is written from records made by hand and read by other software.
//! What concerns one kind of file, and the bounds, is in `exports_files.rs`.

use std::io::{Read, Write as _};
use std::path::PathBuf;
use std::process::Command;

use geozero::{CoordDimensions, ToWkb};
use imgis::config::Words;
use imgis::exchange::write::{Format, Options, open};
use imgis::feature::{Column, Record, Sheet};
use imgis::geometry::Crs;
use imgis::layer::{GeometryType, PropertyType, Value};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::office::kazan;

pub const CITY: Crs = Crs::City(990_161);

pub fn column(name: &str, kind: PropertyType, russian: &str) -> Column {
    let label = Words::from([("ru".into(), russian.into()), ("en".into(), name.to_uppercase())]);
    let unit = name.ends_with("_m2").then(|| "m²".to_string());
    Column { name: name.into(), kind, label, unit }
}

pub fn sheet(geometry: Option<GeometryType>, crs: Crs) -> Sheet {
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

pub fn wkb_of(geometry: impl Into<geo::Geometry<f64>>) -> Vec<u8> {
    geometry.into().to_wkb(CoordDimensions::xy()).expect("WKB")
}

/// A square with a hole, and a triangle beside it; `(e, n)` is the lower left corner.
pub fn two_parts(e: f64, n: f64, size: f64) -> Vec<u8> {
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

pub fn full(id: i64, note: &str, geometry: Option<Vec<u8>>) -> Record {
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

pub fn bare(id: i64, geometry: Option<Vec<u8>>) -> Record {
    Record { id, geometry, values: vec![Value::Null; 7] }
}

pub fn records(corner: (f64, f64), size: f64) -> Vec<Record> {
    let shape = |step: f64| Some(two_parts(corner.0 + step * size * 10.0, corner.1, size));
    vec![
        full(7, "дом «А», \"угол\"\nи двор", shape(0.0)),
        full(8, "=1+1", shape(1.0)),
        bare(9, None),
        bare(12, shape(2.0)),
    ]
}

/// The bytes of a whole table.
pub fn written(format: Format, sheet: &Sheet, options: Options, records: &[Record]) -> Vec<u8> {
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

pub struct Saved {
    pub path: PathBuf,
    _folder: TempDir,
}

pub fn saved(format: Format, sheet: &Sheet, records: &[Record]) -> Saved {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(format!("table.{}", format.extension()));
    let bytes = written(format, sheet, Options::default(), records);
    std::fs::File::create(&path).and_then(|mut file| file.write_all(&bytes)).expect("a file");
    Saved { path, _folder: folder }
}

pub fn run(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().expect("GDAL is installed (gdal-bin)");
    let faults = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && faults.is_empty(), "{program} {args:?}: {faults}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// What GDAL reads, as GeoJSON features.
pub fn read_by_gdal(saved: &Saved, further: &[&str]) -> Vec<Json> {
    let path = saved.path.to_str().expect("text");
    let mut args = vec![
        "-f",
        "GeoJSON",
        "/vsistdout/",
        path,
        "-preserve_fid",
        "-lco",
        "COORDINATE_PRECISION=7",
    ];
    args.extend_from_slice(further);
    let json: Json = serde_json::from_str(&run("ogr2ogr", &args)).expect("JSON");
    json["features"].as_array().expect("features").clone()
}

pub fn summary(saved: &Saved) -> String {
    run("ogrinfo", &["-so", "-al", saved.path.to_str().expect("text")])
}

/// GDAL's features in the order of `id`, which some formats have as a property.
pub fn by_id(mut features: Vec<Json>) -> Vec<(i64, Json)> {
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
