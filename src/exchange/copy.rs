//! Rows as text of COPY. *Not here*: the statements (`sql.rs`).

use std::fmt::Write;

use crate::layer::Value;

/// One row: leading columns as they are, a geometry, values.
pub struct CopyRow<'a> {
    pub lead: &'a [Value],
    pub ewkb: Option<&'a [u8]>,
    pub values: &'a [Value],
}

/// Appends a row in the text format of COPY.
///
/// # Source
/// PostgreSQL documentation, COPY, "Text Format".
pub fn copy_text(row: &CopyRow<'_>, out: &mut String) {
    for value in row.lead {
        field(value, out);
        out.push('\t');
    }
    match row.ewkb {
        None => out.push_str("\\N"),
        Some(bytes) => {
            const HEX: &[u8; 16] = b"0123456789abcdef";
            for byte in bytes {
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
    for value in row.values {
        out.push('\t');
        field(value, out);
    }
    out.push('\n');
}

fn field(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("\\N"),
        Value::Text(text) => escape(text, out),
        Value::Integer(number) => {
            let _ = write!(out, "{number}");
        }
        Value::Number(number) => {
            let _ = write!(out, "{number:?}");
        }
        Value::Boolean(yes) => out.push(if *yes { 't' } else { 'f' }),
        Value::Date(date) => {
            let _ = write!(out, "{date}");
        }
        Value::List(list) => {
            let mut array = String::from("{");
            for (at, item) in list.iter().enumerate() {
                if at > 0 {
                    array.push(',');
                }
                let quoted = item.replace('\\', "\\\\").replace('"', "\\\"");
                let _ = write!(array, "\"{quoted}\"");
            }
            array.push('}');
            escape(&array, out);
        }
    }
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\0' => {}
            c => out.push(c),
        }
    }
}
