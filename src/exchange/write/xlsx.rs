//! XLSX for people: labels over the columns, real numbers and dates, and a second sheet that says what was
//! asked. Only points are given as geometry: an outline is no cell.
//!
//! # Source
//! ECMA-376; "Excel specifications and limits" for rows and cells.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufWriter, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::civil::Date;
use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError,
};

use super::{Options, Writer, digits, joined, label, values};
use crate::config::limit;
use crate::error::{Error, Result};
use crate::feature::{Record, Sheet};
use crate::geometry::wkb;
use crate::layer::{GeometryType, PropertyType, Value};

/// Integers that a cell shows to the last digit.
const EXACT: u64 = 999_999_999_999_999;
/// Cells above which the archive takes the form for more than 4 GB.
const MANY_CELLS: u64 = 20_000_000;

pub struct Xlsx {
    book: Workbook,
    title: String,
    about: Vec<(String, String)>,
    russian: bool,
    columns: usize,
    /// Decimals, and whether north comes first; `None`: no column of geometries.
    points: Option<(usize, bool)>,
    rows: u32,
    cut: u64,
    date: Format,
    text: Vec<u8>,
}

impl Xlsx {
    pub fn new(sheet: &Sheet, options: Options) -> Result<Self> {
        let russian = options.language == "ru";
        let is_point = sheet.geometry == Some(GeometryType::Point);
        let mut book = Workbook::new();
        book.set_properties(&DocProperties::new().set_title(&sheet.title));
        let mut heads = vec![("id".to_string(), 10.0)];
        heads.extend(sheet.columns.iter().map(|column| {
            let label = label(column, options.language);
            let width = width(column.kind).max((label.chars().count() as f64 + 4.0).min(32.0));
            (label, width)
        }));
        if is_point {
            heads.push((if russian { "Точка (WKT)" } else { "Point (WKT)" }.into(), 34.0));
        }
        let table = book.add_worksheet_with_constant_memory().map_err(Error::internal)?;
        begin(table, &sheet_name(&sheet.title, russian), &heads).map_err(Error::internal)?;
        Ok(Self {
            book,
            title: sheet.title.clone(),
            about: sheet.about.clone(),
            russian,
            columns: sheet.columns.len(),
            points: is_point.then(|| (digits(sheet.crs), sheet.crs.north_first())),
            rows: 0,
            cut: 0,
            date: Format::new().set_num_format(if russian { "dd.mm.yyyy" } else { "yyyy-mm-dd" }),
            text: Vec::new(),
        })
    }

    fn row(&mut self, record: &Record) -> Result<()> {
        let values = values(record, self.columns)?;
        let row = self.rows;
        let table = self.book.worksheet_from_index(0).map_err(Error::internal)?;
        integer(table, row, 0, record.id).map_err(Error::internal)?;
        for (column, value) in (1..).zip(values) {
            cell(table, row, column, value, &self.date, &mut self.cut).map_err(Error::internal)?;
        }
        if let (Some((digits, north_first)), Some(geometry)) = (self.points, &record.geometry) {
            self.text.clear();
            wkb::wkt(geometry, digits, north_first, &mut self.text)?;
            let text = String::from_utf8_lossy(&self.text);
            let column = self.columns as u16 + 1;
            table.write_string(row, column, text).map_err(Error::internal)?;
        }
        Ok(())
    }

    fn end(&mut self) -> Result<File, XlsxError> {
        let last = self.columns as u16 + u16::from(self.points.is_some());
        self.book.worksheet_from_index(0)?.autofilter(0, 0, self.rows, last)?;
        let large = u64::from(self.rows) * u64::from(last + 1) > MANY_CELLS;
        self.book.use_zip_large_file(large);
        self.about_sheet()?;
        let mut file = tempfile::tempfile()?;
        let mut packed = BufWriter::with_capacity(1 << 16, &file);
        self.book.save_to_writer(&mut packed)?;
        packed.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.rewind()?;
        Ok(file)
    }

    fn about_sheet(&mut self) -> Result<(), XlsxError> {
        let say = |russian: &str, english: &str| {
            if self.russian { russian.to_string() } else { english.to_string() }
        };
        let mut lines = vec![(say("Таблица", "Table"), self.title.clone())];
        lines.append(&mut self.about);
        lines.push((say("Строк", "Rows"), self.rows.to_string()));
        if self.cut > 0 {
            let name = say("Обрезано текстов", "Texts cut");
            let why = say(
                "длиннее, чем вмещает ячейка (32 767 знаков); целиком — в CSV и GeoPackage",
                "longer than a cell holds (32,767 characters); whole in CSV and GeoPackage",
            );
            lines.push((name, format!("{}: {why}", self.cut)));
        }
        let name = about_name(self.russian);
        let sheet = self.book.add_worksheet().set_name(name)?;
        let bold = Format::new().set_bold().set_align(FormatAlign::Top);
        let wrapped = Format::new().set_text_wrap().set_align(FormatAlign::Top);
        sheet.set_column_width(0, 28)?.set_column_width(1, 90)?;
        for (row, (name, value)) in (0..).zip(&lines) {
            sheet.write_string_with_format(row, 0, fitting(name).0, &bold)?;
            sheet.write_string_with_format(row, 1, fitting(value).0, &wrapped)?;
        }
        Ok(())
    }
}

impl Writer for Xlsx {
    fn push(&mut self, record: &Record, _: &mut Vec<u8>) -> Result<()> {
        if self.rows >= limit::XLSX_FEATURES_MAX {
            let limit = limit::XLSX_FEATURES_MAX.to_string();
            return Err(Error::TooLarge { what: "the number of rows of an XLSX sheet", limit });
        }
        self.rows += 1;
        survived(|| self.row(record))
    }

    fn finish(mut self: Box<Self>, _: &mut Vec<u8>) -> Result<Option<File>> {
        survived(|| self.end().map_err(Error::internal)).map(Some)
    }
}

/// The package ends the thread when its temporary file cannot be written (a full disk): here it is an error.
fn survived<T>(act: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(act))
        .unwrap_or_else(|_| Err(Error::internal("XLSX: the temporary file cannot be written")))
}

fn begin(table: &mut Worksheet, name: &str, heads: &[(String, f64)]) -> Result<(), XlsxError> {
    let head = Format::new()
        .set_bold()
        .set_text_wrap()
        .set_align(FormatAlign::Top)
        .set_background_color(Color::RGB(0xE8_EC_F0));
    table.set_name(name)?.set_freeze_panes(1, 0)?;
    for (column, (_, width)) in (0..).zip(heads) {
        table.set_column_width(column, *width)?;
    }
    for (column, (label, _)) in (0..).zip(heads) {
        table.write_string_with_format(0, column, fitting(label).0, &head)?;
    }
    Ok(())
}

fn cell(
    table: &mut Worksheet,
    row: u32,
    column: u16,
    value: &Value,
    date: &Format,
    cut: &mut u64,
) -> Result<(), XlsxError> {
    match value {
        Value::Null => {}
        Value::Text(text) => string(table, row, column, text, cut)?,
        Value::List(list) => string(table, row, column, &joined(list), cut)?,
        Value::Integer(number) => integer(table, row, column, *number)?,
        Value::Number(number) if number.is_finite() => {
            table.write_number(row, column, *number)?;
        }
        Value::Number(_) => {}
        Value::Boolean(yes) => {
            table.write_boolean(row, column, *yes)?;
        }
        Value::Date(day) => match excel_date(*day) {
            Some(known) => {
                table.write_datetime_with_format(row, column, known, date)?;
            }
            None => string(table, row, column, &day.to_string(), cut)?,
        },
    }
    Ok(())
}

fn string(
    table: &mut Worksheet,
    row: u32,
    column: u16,
    text: &str,
    cut: &mut u64,
) -> Result<(), XlsxError> {
    let (text, whole) = fitting(text);
    *cut += u64::from(!whole);
    table.write_string(row, column, text)?;
    Ok(())
}

/// A number, or a text where a cell would change its last digits.
fn integer(table: &mut Worksheet, row: u32, column: u16, number: i64) -> Result<(), XlsxError> {
    if number.unsigned_abs() <= EXACT {
        table.write_number(row, column, number as f64)?;
    } else {
        table.write_string(row, column, number.to_string())?;
    }
    Ok(())
}

/// Excel counts from 1900 and has a 29 February in it: what is not later stays a text.
fn excel_date(day: Date) -> Option<ExcelDateTime> {
    let year = u16::try_from(day.year()).ok().filter(|year| *year > 1900)?;
    ExcelDateTime::from_ymd(year, day.month() as u8, day.day() as u8).ok()
}

/// As much of a text as a cell holds, and whether that is all.
fn fitting(text: &str) -> (Cow<'_, str>, bool) {
    let most = limit::XLSX_CELL_CHARS;
    if text.len() <= most {
        return (text.into(), true);
    }
    let mut units = 0;
    for (at, letter) in text.char_indices() {
        units += letter.len_utf16();
        if units > most {
            let kept = &text[..at];
            let last = kept.char_indices().next_back().map_or(0, |(at, _)| at);
            return (format!("{}…", &kept[..last]).into(), false);
        }
    }
    (text.into(), true)
}

fn about_name(russian: bool) -> &'static str {
    if russian { "О выгрузке" } else { "About" }
}

/// A name that Excel takes for a sheet: 31 characters, none of `[]:*?/\`, no apostrophe at an end.
fn sheet_name(title: &str, russian: bool) -> String {
    let plain = |c: char| if c.is_control() || "[]:*?/\\".contains(c) { ' ' } else { c };
    let mut units = 0;
    let name: String = title
        .chars()
        .map(plain)
        .take_while(|letter| {
            units += letter.len_utf16();
            units <= 31
        })
        .collect();
    let name = name.trim_matches(['\'', ' ']);
    let taken = [about_name(russian), "History"].map(str::to_lowercase);
    if name.is_empty() || taken.contains(&name.to_lowercase()) {
        return if russian { "Данные" } else { "Data" }.to_string();
    }
    name.to_string()
}

/// Width of a column in characters.
fn width(kind: PropertyType) -> f64 {
    match kind {
        PropertyType::Text => 30.0,
        PropertyType::TextArray => 40.0,
        PropertyType::CadastralNumber => 22.0,
        PropertyType::Integer | PropertyType::Number => 14.0,
        PropertyType::Boolean => 10.0,
        PropertyType::Date => 12.0,
    }
}
