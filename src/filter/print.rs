//! The tree → CQL2 text. What is compound within is in parentheses.

use std::fmt::Write;

use geo::{Coord, Geometry, LineString, Polygon};

use super::ast::{Expr, Kind};

/// Writes a predicate.
pub fn write(expr: &Expr) -> String {
    match &expr.kind {
        Kind::And(list) => parts(list, " AND "),
        Kind::Or(list) => parts(list, " OR "),
        Kind::Not(a) => format!("NOT ({})", write(a)),
        Kind::Compare(op, a, b) => format!("{} {} {}", part(a), op.word(), part(b)),
        Kind::Like(a, b) => format!("{} LIKE {}", part(a), part(b)),
        Kind::Between(a, b, c) => {
            format!("{} BETWEEN {} AND {}", part(a), part(b), part(c))
        }
        Kind::In(a, list) => format!("{} IN ({})", part(a), commas(list)),
        Kind::IsNull(a) => format!("{} IS NULL", part(a)),
        Kind::Spatial(op, a, b) => call(&op.word().to_uppercase(), [a, b]),
        Kind::Temporal(op, a, b) => call(&op.word().to_uppercase(), [a, b]),
        Kind::Array(op, a, b) => call(&op.word().to_uppercase(), [a, b]),
        Kind::Arithmetic(op, a, b) => format!("{} {} {}", part(a), op.word(), part(b)),
        Kind::Casei(a) => format!("CASEI({})", write(a)),
        Kind::Accenti(a) => format!("ACCENTI({})", write(a)),
        Kind::Function(name, args) => format!("{name}({})", commas(args)),
        Kind::Property(name) => format!("\"{}\"", name.replace('"', "\"\"")),
        Kind::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Kind::Integer(number) => number.to_string(),
        Kind::Number(number) => format!("{number:?}"),
        Kind::Boolean(yes) => yes.to_string().to_uppercase(),
        Kind::Date(date) => format!("DATE('{date}')"),
        Kind::Timestamp(at) => format!("TIMESTAMP('{at}')"),
        Kind::Interval(a, b) => format!("INTERVAL({}, {})", end(a), end(b)),
        Kind::Open => "'..'".into(),
        Kind::Geometry(geometry) => wkt(geometry),
        Kind::Bbox([west, south, east, north]) => {
            format!("BBOX({west:?}, {south:?}, {east:?}, {north:?})")
        }
        Kind::List(list) => format!("({})", commas(list)),
    }
}

/// As an operand: in parentheses when it is compound.
fn part(expr: &Expr) -> String {
    use Kind as K;
    match expr.kind {
        K::And(_)
        | K::Or(_)
        | K::Not(_)
        | K::Compare(..)
        | K::Like(..)
        | K::Between(..)
        | K::In(..)
        | K::IsNull(_)
        | K::Arithmetic(..) => format!("({})", write(expr)),
        _ => write(expr),
    }
}

fn parts(list: &[Expr], joint: &str) -> String {
    list.iter().map(part).collect::<Vec<_>>().join(joint)
}

fn commas(list: &[Expr]) -> String {
    list.iter().map(write).collect::<Vec<_>>().join(", ")
}

fn call(name: &str, args: [&Expr; 2]) -> String {
    format!("{name}({}, {})", write(args[0]), write(args[1]))
}

fn end(expr: &Expr) -> String {
    match &expr.kind {
        Kind::Date(date) => format!("'{date}'"),
        Kind::Timestamp(at) => format!("'{at}'"),
        _ => write(expr),
    }
}

/// A geometry as WKT, every digit kept.
pub fn wkt(geometry: &Geometry<f64>) -> String {
    let position = |at: &Coord<f64>| format!("{:?} {:?}", at.x, at.y);
    let line = |line: &LineString<f64>| {
        format!("({})", line.0.iter().map(position).collect::<Vec<_>>().join(", "))
    };
    let area = |polygon: &Polygon<f64>| {
        let mut text = format!("({}", line(polygon.exterior()));
        for ring in polygon.interiors() {
            let _ = write!(text, ", {}", line(ring));
        }
        text + ")"
    };
    fn all<T>(list: &[T], one: impl Fn(&T) -> String) -> String {
        format!("({})", list.iter().map(one).collect::<Vec<_>>().join(", "))
    }
    match geometry {
        Geometry::Point(point) => format!("POINT({})", position(&point.0)),
        Geometry::LineString(one) => format!("LINESTRING{}", line(one)),
        Geometry::Polygon(one) => format!("POLYGON{}", area(one)),
        Geometry::MultiPoint(many) => {
            format!("MULTIPOINT{}", all(&many.0, |point| format!("({})", position(&point.0))))
        }
        Geometry::MultiLineString(many) => format!("MULTILINESTRING{}", all(&many.0, line)),
        Geometry::MultiPolygon(many) => format!("MULTIPOLYGON{}", all(&many.0, area)),
        Geometry::GeometryCollection(many) => {
            format!("GEOMETRYCOLLECTION{}", all(&many.0, wkt))
        }
        Geometry::Line(_) | Geometry::Rect(_) | Geometry::Triangle(_) => String::new(),
    }
}
