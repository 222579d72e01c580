//! CQL2 JSON ⇄ the tree.
//!
//! # Source
//! OGC 21-065r2 (CQL2 1.0), requirements class CQL2 JSON.

use geo::Geometry;
use serde_json::{Map, Value, json};

use super::ast::{Arithmetic, Array, Compare, Expr, Kind, Spatial, Temporal};
use super::text::{bound, moment};
use super::wkt::{self, bbox};
use super::{Fault, Faulty};
use crate::config::limit;

/// Reads a predicate.
pub fn parse(value: &Value) -> Faulty<Expr> {
    let mut reader = Reader { left: limit::FILTER_NODES_MAX };
    reader.expr(value, String::new(), 0)
}

struct Reader {
    /// Expressions that may still come.
    left: usize,
}

impl Reader {
    fn expr(&mut self, value: &Value, at: String, depth: usize) -> Faulty<Expr> {
        if depth > limit::FILTER_DEPTH_MAX {
            let most = limit::FILTER_DEPTH_MAX;
            return Err(Fault::new(
                at,
                format!("nested too deeply; at most {most} levels are taken"),
            ));
        }
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            let most = limit::FILTER_NODES_MAX;
            Fault::new(at.clone(), format!("too long; at most {most} expressions are taken"))
        })?;
        let kind = match value {
            Value::Null => return Err(Fault::new(at, "null is no value here; isNull asks for it")),
            Value::Bool(yes) => Kind::Boolean(*yes),
            Value::Number(number) => match number.as_i64() {
                Some(whole) => Kind::Integer(whole),
                None => Kind::Number(number.as_f64().unwrap_or_default()),
            },
            Value::String(text) if text.contains('\0') => {
                return Err(Fault::new(at, "the character U+0000 is in no text"));
            }
            Value::String(text) => Kind::Text(text.clone()),
            Value::Array(_) => Kind::List(self.list(value, &at, depth)?),
            Value::Object(object) => self.object(object, &at, depth)?,
        };
        Expr::new(kind, at)
    }

    fn list(&mut self, value: &Value, at: &str, depth: usize) -> Faulty<Vec<Expr>> {
        let Some(list) = value.as_array() else {
            return Err(Fault::new(at, "a list is expected"));
        };
        list.iter()
            .enumerate()
            .map(|(index, item)| self.expr(item, format!("{at}/{index}"), depth + 1))
            .collect()
    }

    fn object(&mut self, object: &Map<String, Value>, at: &str, depth: usize) -> Faulty<Kind> {
        let word = |key: &str| match object.get(key) {
            Some(Value::String(text)) if !text.contains('\0') => Ok(text.clone()),
            _ => Err(Fault::new(format!("{at}/{key}"), "a text is expected")),
        };
        if object.contains_key("op") {
            return self.operation(&word("op")?, object, at, depth);
        }
        if object.contains_key("property") {
            return Ok(Kind::Property(word("property")?));
        }
        for kind in ["date", "timestamp"] {
            if object.contains_key(kind) {
                return moment(&word(kind)?, kind, at);
            }
        }
        if let Some(ends) = object.get("interval") {
            let ends = self.list(ends, &format!("{at}/interval"), depth)?;
            let Ok([a, b]) = <[Expr; 2]>::try_from(ends) else {
                return Err(Fault::new(at, "an interval has two ends"));
            };
            return Ok(Kind::Interval(Box::new(bound(a)?), Box::new(bound(b)?)));
        }
        if let Some(numbers) = object.get("bbox").and_then(Value::as_array) {
            let numbers: Option<Vec<f64>> = numbers.iter().map(Value::as_f64).collect();
            return match numbers {
                Some(numbers) => bbox(&numbers, at),
                None => Err(Fault::new(at, "a box is 4 or 6 numbers")),
            };
        }
        if object.contains_key("type") {
            let geometry = geometry(object, at)?;
            wkt::check(&geometry, at)?;
            return Ok(Kind::Geometry(geometry));
        }
        Err(Fault::new(
            at,
            "an object with op, property, date, timestamp, interval, bbox or a GeoJSON type is \
             expected",
        ))
    }

    fn operation(
        &mut self,
        op: &str,
        object: &Map<String, Value>,
        at: &str,
        depth: usize,
    ) -> Faulty<Kind> {
        let here = format!("{at}/args");
        let given = object.get("args").unwrap_or(&Value::Null);
        let mut args = self.list(given, &here, depth)?;
        let lower = op.to_ascii_lowercase();
        let count = args.len();
        let wanted = |wanted: usize| {
            let detail = format!("{op} takes {wanted} arguments, {count} given");
            if count == wanted { Ok(()) } else { Err(Fault::new(here.clone(), detail)) }
        };
        match lower.as_str() {
            "and" | "or" if count < 2 => {
                return Err(Fault::new(here, format!("{op} takes two arguments or more")));
            }
            "and" => return Ok(Kind::And(args)),
            "or" => return Ok(Kind::Or(args)),
            "not" => {
                wanted(1)?;
                return Ok(Kind::Not(Box::new(args.remove(0))));
            }
            "isnull" => {
                wanted(1)?;
                return Ok(Kind::IsNull(Box::new(args.remove(0))));
            }
            "casei" => {
                wanted(1)?;
                return Ok(Kind::Casei(Box::new(args.remove(0))));
            }
            "accenti" => {
                wanted(1)?;
                return Ok(Kind::Accenti(Box::new(args.remove(0))));
            }
            "between" => {
                wanted(3)?;
                let (high, low, one) = (args.remove(2), args.remove(1), args.remove(0));
                return Ok(Kind::Between(Box::new(one), Box::new(low), Box::new(high)));
            }
            _ => {}
        }
        let binary = lower == "like"
            || lower == "in"
            || Compare::parse(&lower).is_some()
            || Arithmetic::parse(&lower).is_some()
            || Spatial::parse(&lower).is_some()
            || Temporal::parse(&lower).is_some()
            || Array::parse(&lower).is_some();
        if !binary {
            return Ok(Kind::Function(op.to_string(), args));
        }
        // An unary minus.
        if lower == "-" && count == 1 {
            let minus = Box::new(Expr::new(Kind::Integer(-1), at)?);
            return Ok(Kind::Arithmetic(Arithmetic::Multiply, minus, Box::new(args.remove(0))));
        }
        wanted(2)?;
        let (b, a) = (args.remove(1), args.remove(0));
        if lower == "in" {
            return match b.kind {
                Kind::List(list) => Ok(Kind::In(Box::new(a), list)),
                _ => Err(Fault::new(b.at, "a list is expected")),
            };
        }
        let (a, b) = (Box::new(a), Box::new(b));
        Ok(if lower == "like" {
            Kind::Like(a, b)
        } else if let Some(op) = Compare::parse(&lower) {
            Kind::Compare(op, a, b)
        } else if let Some(op) = Arithmetic::parse(&lower) {
            Kind::Arithmetic(op, a, b)
        } else if let Some(op) = Spatial::parse(&lower) {
            Kind::Spatial(op, a, b)
        } else if let Some(op) = Temporal::parse(&lower) {
            Kind::Temporal(op, a, b)
        } else if let Some(op) = Array::parse(&lower) {
            Kind::Array(op, a, b)
        } else {
            return Err(Fault::new(at, format!("{op} is not an operator")));
        })
    }
}

fn geometry(object: &Map<String, Value>, at: &str) -> Faulty<Geometry<f64>> {
    use geozero::ToGeo;
    let text = Value::Object(object.clone());
    crate::geometry::GeoJson(text.clone()).check_any("").map_err(|error| {
        let place = match &error {
            crate::error::Error::Invalid { faults } => {
                faults.first().map(|fault| fault.pointer.clone()).unwrap_or_default()
            }
            _ => String::new(),
        };
        Fault::new(format!("{at}{place}"), error.to_string())
    })?;
    geozero::geojson::GeoJsonString(text.to_string())
        .to_geo()
        .map_err(|error| Fault::new(at, format!("not a geometry: {error}")))
}

/// Writes a predicate.
pub fn write(expr: &Expr) -> Value {
    let op = |word: &str, args: Vec<Value>| json!({ "op": word, "args": args });
    let all = |list: &[Expr]| list.iter().map(write).collect::<Vec<_>>();
    match &expr.kind {
        Kind::And(list) => op("and", all(list)),
        Kind::Or(list) => op("or", all(list)),
        Kind::Not(a) => op("not", vec![write(a)]),
        Kind::Compare(kind, a, b) => op(kind.word(), vec![write(a), write(b)]),
        Kind::Like(a, b) => op("like", vec![write(a), write(b)]),
        Kind::Between(a, b, c) => op("between", vec![write(a), write(b), write(c)]),
        Kind::In(a, list) => op("in", vec![write(a), Value::Array(all(list))]),
        Kind::IsNull(a) => op("isNull", vec![write(a)]),
        Kind::Spatial(kind, a, b) => op(kind.word(), vec![write(a), write(b)]),
        Kind::Temporal(kind, a, b) => op(kind.word(), vec![write(a), write(b)]),
        Kind::Array(kind, a, b) => op(kind.word(), vec![write(a), write(b)]),
        Kind::Arithmetic(kind, a, b) => op(kind.word(), vec![write(a), write(b)]),
        Kind::Casei(a) => op("casei", vec![write(a)]),
        Kind::Accenti(a) => op("accenti", vec![write(a)]),
        Kind::Function(name, args) => op(name, all(args)),
        Kind::Property(name) => json!({ "property": name }),
        Kind::Text(text) => json!(text),
        Kind::Integer(number) => json!(number),
        Kind::Number(number) => json!(number),
        Kind::Boolean(yes) => json!(yes),
        Kind::Date(date) => json!({ "date": date.to_string() }),
        Kind::Timestamp(at) => json!({ "timestamp": at.to_string() }),
        Kind::Interval(a, b) => json!({ "interval": [end(a), end(b)] }),
        Kind::Open => json!(".."),
        Kind::Geometry(geometry) => shape(geometry),
        Kind::Bbox(numbers) => json!({ "bbox": numbers }),
        Kind::List(list) => Value::Array(all(list)),
    }
}

fn end(expr: &Expr) -> Value {
    match &expr.kind {
        Kind::Date(date) => json!(date.to_string()),
        Kind::Timestamp(at) => json!(at.to_string()),
        _ => write(expr),
    }
}

fn shape(geometry: &Geometry<f64>) -> Value {
    use geo::{Coord, LineString, Polygon};
    let position = |at: &Coord<f64>| json!([at.x, at.y]);
    let line = |line: &LineString<f64>| Value::Array(line.0.iter().map(position).collect());
    let area = |polygon: &Polygon<f64>| {
        let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
        Value::Array(rings.map(line).collect())
    };
    let (kind, coordinates) = match geometry {
        Geometry::Point(point) => ("Point", position(&point.0)),
        Geometry::LineString(one) => ("LineString", line(one)),
        Geometry::Polygon(one) => ("Polygon", area(one)),
        Geometry::MultiPoint(many) => {
            ("MultiPoint", Value::Array(many.0.iter().map(|point| position(&point.0)).collect()))
        }
        Geometry::MultiLineString(many) => {
            ("MultiLineString", Value::Array(many.0.iter().map(line).collect()))
        }
        Geometry::MultiPolygon(many) => {
            ("MultiPolygon", Value::Array(many.0.iter().map(area).collect()))
        }
        Geometry::GeometryCollection(many) => {
            let list: Vec<Value> = many.0.iter().map(shape).collect();
            return json!({ "type": "GeometryCollection", "geometries": list });
        }
        Geometry::Line(_) | Geometry::Rect(_) | Geometry::Triangle(_) => return Value::Null,
    };
    json!({ "type": kind, "coordinates": coordinates })
}
