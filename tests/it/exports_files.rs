//! Tables of features out: spreadsheets, GeoPackages, empty sets, refusals, memory.

use imgis::error::Error;
use imgis::exchange::write::{Format, Options, open};
use imgis::feature::Record;
use imgis::geometry::{Crs, wkb};
use imgis::layer::{GeometryType, Value};
use proptest::prelude::*;

use crate::exports::{
    CITY, bare, full, records, run, saved, sheet, summary, two_parts, wkb_of, written,
};
use crate::office::kazan;

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
    assert!(!text.contains("(WKT)"), "{text}");
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
        for record in [&short, &broken] {
            let mut writer = open(format, &sheet, &kazan(), Options::default()).expect("a writer");
            let refused = writer.push(record, &mut Vec::new());
            assert!(matches!(refused, Err(Error::Internal(_))), "{format:?}: {refused:?}");
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
