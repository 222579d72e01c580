//! Geometry literals of CQL2 text: WKT and `BBOX(…)`. Heights are read and left aside.

use geo::{
    Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon,
};
use geo::{Point, Polygon};

use super::ast::Kind;
use super::lex::Token;
use super::text::Parser;
use super::{Fault, Faulty};
use crate::config::limit;

const TYPES: [&str; 7] = [
    "point",
    "multipoint",
    "linestring",
    "multilinestring",
    "polygon",
    "multipolygon",
    "geometrycollection",
];

/// A geometry where `word` begins one; `None`: it does not.
pub fn geometry(parser: &mut Parser, word: &str) -> Faulty<Option<Kind>> {
    let at = parser.at();
    if word == "bbox" {
        parser.take();
        parser.expect("(")?;
        let mut numbers = vec![number(parser)?];
        while parser.takes(",") {
            numbers.push(number(parser)?);
        }
        parser.expect(")")?;
        return bbox(&numbers, &at).map(Some);
    }
    if !TYPES.contains(&word) {
        return Ok(None);
    }
    let geometry = shape(parser, 0)?;
    check(&geometry, &at)?;
    Ok(Some(Kind::Geometry(geometry)))
}

/// A box of 4 or 6 numbers.
pub fn bbox(numbers: &[f64], at: &str) -> Faulty<Kind> {
    let [west, south, east, north] = match *numbers {
        [a, b, c, d] | [a, b, _, c, d, _] => [a, b, c, d],
        _ => {
            let detail = format!("a box is 4 or 6 numbers, {} given", numbers.len());
            return Err(Fault::new(at, detail));
        }
    };
    if south > north {
        return Err(Fault::new(at, format!("the lower edge {south} is above the upper {north}")));
    }
    Ok(Kind::Bbox([west, south, east, north]))
}

fn shape(parser: &mut Parser, depth: usize) -> Faulty<Geometry<f64>> {
    let at = parser.at();
    let Token::Word(word) = parser.take() else {
        return Err(Fault::new(at, "a geometry is expected"));
    };
    let _ = ["z", "m", "zm"].into_iter().any(|heights| parser.takes_word(heights));
    let positions = |parser: &mut Parser| list(parser, position).map(LineString::new);
    Ok(match word.to_ascii_lowercase().as_str() {
        "point" => {
            parser.expect("(")?;
            let at = position(parser)?;
            parser.expect(")")?;
            Point(at).into()
        }
        "multipoint" => {
            let one = |parser: &mut Parser| {
                let bracketed = parser.takes("(");
                let at = position(parser)?;
                if bracketed {
                    parser.expect(")")?;
                }
                Ok(Point(at))
            };
            MultiPoint(list(parser, one)?).into()
        }
        "linestring" => positions(parser)?.into(),
        "multilinestring" => MultiLineString(list(parser, positions)?).into(),
        "polygon" => polygon(parser)?.into(),
        "multipolygon" => MultiPolygon(list(parser, polygon)?).into(),
        "geometrycollection" if depth < 4 => {
            let inner = |parser: &mut Parser| shape(parser, depth + 1);
            Geometry::GeometryCollection(GeometryCollection::from(list(parser, inner)?))
        }
        word => {
            let known = TYPES.join(", ").to_uppercase();
            return Err(Fault::new(at, format!("{word} found, one of {known} expected")));
        }
    })
}

fn polygon(parser: &mut Parser) -> Faulty<Polygon<f64>> {
    let ring = |parser: &mut Parser| {
        let at = parser.at();
        let points = list(parser, position)?;
        if points.first() != points.last() {
            return Err(Fault::new(at, "the ring is not closed: first and last positions differ"));
        }
        Ok(LineString::new(points))
    };
    let mut rings = list(parser, ring)?;
    let outer = rings.remove(0);
    Ok(Polygon::new(outer, rings))
}

fn list<T>(parser: &mut Parser, one: impl Fn(&mut Parser) -> Faulty<T>) -> Faulty<Vec<T>> {
    parser.expect("(")?;
    let mut items = vec![one(parser)?];
    while parser.takes(",") {
        items.push(one(parser)?);
    }
    parser.expect(")")?;
    Ok(items)
}

fn position(parser: &mut Parser) -> Faulty<Coord<f64>> {
    let (x, y) = (number(parser)?, number(parser)?);
    for _ in 0..2 {
        if matches!(parser.peek(), Token::Integer(_) | Token::Number(_) | Token::Sign("-")) {
            number(parser)?;
        }
    }
    Ok(Coord { x, y })
}

fn number(parser: &mut Parser) -> Faulty<f64> {
    let sign = if parser.takes("-") { -1.0 } else { 1.0 };
    match parser.peek().clone() {
        Token::Integer(number) => {
            parser.take();
            Ok(sign * number as f64)
        }
        Token::Number(number) => {
            parser.take();
            Ok(sign * number)
        }
        _ => Err(parser.expected("a number")),
    }
}

/// Enough positions everywhere, and not too many.
pub fn check(geometry: &Geometry<f64>, at: &str) -> Faulty<()> {
    use geo::CoordsIter;
    let count = geometry.coords_count();
    if count > limit::GEOMETRY_VERTICES_MAX {
        let most = limit::GEOMETRY_VERTICES_MAX;
        return Err(Fault::new(at, format!("{count} positions; at most {most} are taken")));
    }
    let few = |what: &str, least: usize| {
        Err(Fault::new(at, format!("a {what} has at least {least} positions")))
    };
    let line = |line: &LineString<f64>| line.0.len() >= 2;
    let area = |polygon: &Polygon<f64>| {
        polygon.exterior().0.len() >= 4 && polygon.interiors().iter().all(|ring| ring.0.len() >= 4)
    };
    match geometry {
        Geometry::LineString(one) if !line(one) => few("line", 2),
        Geometry::MultiLineString(many) if !many.0.iter().all(line) => few("line", 2),
        Geometry::Polygon(one) if !area(one) => few("ring", 4),
        Geometry::MultiPolygon(many) if !many.0.iter().all(area) => few("ring", 4),
        Geometry::GeometryCollection(many) => many.0.iter().try_for_each(|one| check(one, at)),
        _ => Ok(()),
    }
}
