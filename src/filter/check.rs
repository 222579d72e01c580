//! A tree checked against what the caller may ask: every name known, every kind fitting, literals turned
//! into the kind they are compared with, geometries brought into the city's system.

use super::ast::{Array, Compare, Expr, Kind, Spatial};
use super::function::{self, Function};
use super::place::{boxed, placed};
use super::queryable::{Queryables, Type};
use super::text::date;
use super::{Fault, Faulty};
use crate::config::City;
use crate::geometry::{CadastralNumber, Crs};

/// A predicate that can be run over a layer.
#[derive(Debug, Clone)]
pub struct Filter {
    /// As it was asked.
    pub asked: Expr,
    /// With literals of the right kinds, geometries in the city's system.
    pub(super) checked: Expr,
}

/// An expression and its kind.
type Typed = (Box<Expr>, Type);

struct Check<'a> {
    queryables: &'a Queryables,
    crs: Crs,
    city: &'a City,
}

impl Filter {
    /// Checks a tree; `crs` is the system of its geometries.
    ///
    /// # Errors
    /// The first place where a name is unknown or kinds do not fit.
    pub fn new(asked: Expr, queryables: &Queryables, crs: Crs, city: &City) -> Faulty<Self> {
        let check = Check { queryables, crs, city };
        let checked = *check.predicate(asked.clone())?;
        Ok(Self { asked, checked })
    }
}

impl Check<'_> {
    fn predicate(&self, expr: Expr) -> Faulty<Box<Expr>> {
        let at = expr.at.clone();
        let (expr, kind) = self.typed(expr)?;
        if kind == Type::Boolean {
            return Ok(expr);
        }
        Err(Fault::new(at, format!("{} found, a predicate expected", kind.told())))
    }

    fn predicates(&self, list: Vec<Expr>) -> Faulty<Vec<Expr>> {
        list.into_iter().map(|one| self.predicate(one).map(|one| *one)).collect()
    }

    fn typed(&self, expr: Expr) -> Faulty<Typed> {
        let at = expr.at.clone();
        let (kind, gives) = match expr.kind {
            Kind::And(list) => (Kind::And(self.predicates(list)?), Type::Boolean),
            Kind::Or(list) => (Kind::Or(self.predicates(list)?), Type::Boolean),
            Kind::Not(a) => (Kind::Not(self.predicate(*a)?), Type::Boolean),
            Kind::Compare(op, a, b) => {
                let (a, b, kind) = self.meet(self.typed(*a)?, self.typed(*b)?)?;
                let equality = matches!(op, Compare::Equal | Compare::NotEqual);
                if matches!(kind, Type::Geometry | Type::List | Type::Interval)
                    || (kind == Type::Boolean && !equality)
                {
                    let detail = format!("{} is not compared by {}", kind.told(), op.word());
                    return Err(Fault::new(at, detail));
                }
                (Kind::Compare(op, a, b), Type::Boolean)
            }
            Kind::Like(a, pattern) => {
                let a = self.wanted(*a, Type::Text)?;
                let pattern = self.wanted(*pattern, Type::Text)?;
                if !is_pattern(&pattern) {
                    return Err(Fault::new(pattern.at, "a pattern as a text is expected"));
                }
                (Kind::Like(a, pattern), Type::Boolean)
            }
            Kind::Between(a, low, high) => {
                let (a, low, _) = self.meet(self.typed(*a)?, self.typed(*low)?)?;
                let (a, high, kind) = self.meet(self.typed(*a)?, self.typed(*high)?)?;
                if !(kind.is_number() || kind.is_instant() || kind == Type::Text) {
                    return Err(Fault::new(at, format!("{} has no order", kind.told())));
                }
                (Kind::Between(a, low, high), Type::Boolean)
            }
            Kind::In(a, list) => {
                if list.is_empty() {
                    return Err(Fault::new(at, "the list of IN is empty"));
                }
                let mut one = self.typed(*a)?;
                let mut met = Vec::with_capacity(list.len());
                for item in list {
                    let (a, item, kind) = self.meet(one, self.typed(item)?)?;
                    if matches!(kind, Type::Geometry | Type::List | Type::Interval) {
                        return Err(Fault::new(at, format!("{} is in no list", kind.told())));
                    }
                    met.push(*item);
                    one = self.typed(*a)?;
                }
                (Kind::In(one.0, met), Type::Boolean)
            }
            Kind::IsNull(a) => (Kind::IsNull(self.typed(*a)?.0), Type::Boolean),
            Kind::Spatial(op, a, b) => {
                let a = self.wanted(*a, Type::Geometry)?;
                let b = self.wanted(*b, Type::Geometry)?;
                let collects = [&a, &b].into_iter().any(|one| {
                    matches!(one.kind, Kind::Geometry(geo::Geometry::GeometryCollection(_)))
                });
                if collects && !matches!(op, Spatial::Intersects | Spatial::Disjoint) {
                    let detail =
                        "a GEOMETRYCOLLECTION is taken by S_INTERSECTS and S_DISJOINT only";
                    return Err(Fault::new(at, detail));
                }
                (Kind::Spatial(op, a, b), Type::Boolean)
            }
            Kind::Temporal(op, a, b) => {
                let (a, b) = (self.temporal(*a)?, self.temporal(*b)?);
                (Kind::Temporal(op, a, b), Type::Boolean)
            }
            Kind::Array(op, a, b) => {
                (Kind::Array(op, self.array(*a, op)?, self.array(*b, op)?), Type::Boolean)
            }
            Kind::Arithmetic(op, a, b) => {
                let a = self.wanted(*a, Type::Number)?;
                (Kind::Arithmetic(op, a, self.wanted(*b, Type::Number)?), Type::Number)
            }
            Kind::Casei(a) => (Kind::Casei(self.wanted(*a, Type::Text)?), Type::Text),
            Kind::Accenti(a) => (Kind::Accenti(self.wanted(*a, Type::Text)?), Type::Text),
            Kind::Function(name, args) => self.function(&name, args, &at)?,
            Kind::Property(name) => match self.queryables.get(&name) {
                Some(known) => (Kind::Property(name), known.kind),
                None => return Err(Fault::new(at, self.queryables.unknown(&name))),
            },
            Kind::Text(text) => (Kind::Text(text), Type::Text),
            Kind::Integer(number) => (Kind::Integer(number), Type::Integer),
            Kind::Number(number) => (Kind::Number(number), Type::Number),
            Kind::Boolean(yes) => (Kind::Boolean(yes), Type::Boolean),
            Kind::Date(date) => (Kind::Date(date), Type::Date),
            Kind::Timestamp(moment) => (Kind::Timestamp(moment), Type::Timestamp),
            Kind::Interval(a, b) => {
                let (a, b) = (self.bound(*a)?, self.bound(*b)?);
                (Kind::Interval(a, b), Type::Interval)
            }
            Kind::Open => return Err(Fault::new(at, "'..' is an end of an interval only")),
            Kind::Geometry(geometry) => self.geometry(geometry, &at)?,
            Kind::Bbox([west, south, east, north]) => {
                let (west, south, east, north) = match self.crs.north_first() {
                    true => (south, west, north, east),
                    false => (west, south, east, north),
                };
                if west > east && !self.crs.geographic() {
                    let detail = format!("the left edge {west} is right of the right edge {east}");
                    return Err(Fault::new(at, detail));
                }
                let shape = boxed([west, south, east, north]);
                (Kind::Geometry(placed(&shape, self.crs, self.city, &at)?), Type::Geometry)
            }
            Kind::List(list) => (Kind::List(list), Type::List),
        };
        Ok((Box::new(Expr::new(kind, at)?), gives))
    }

    fn wanted(&self, expr: Expr, wanted: Type) -> Faulty<Box<Expr>> {
        let at = expr.at.clone();
        let (expr, kind) = self.typed(expr)?;
        if kind == wanted || (kind.is_number() && wanted == Type::Number) {
            return Ok(expr);
        }
        Err(Fault::new(at, format!("{} found, {} expected", told(&expr, kind), wanted.told())))
    }

    /// Two that are compared, brought to one kind.
    fn meet(&self, a: Typed, b: Typed) -> Faulty<(Box<Expr>, Box<Expr>, Type)> {
        let ((a, a_kind), (b, b_kind)) = (a, b);
        let fits = a_kind == b_kind
            || (a_kind.is_number() && b_kind.is_number())
            || (a_kind.is_instant() && b_kind.is_instant());
        if fits {
            let b = self.like(&a, b)?;
            let a = self.like(&b, a)?;
            return Ok((a, b, a_kind));
        }
        if a_kind.is_instant() && matches!(b.kind, Kind::Text(_)) {
            return Ok((a, instant(*b)?, a_kind));
        }
        if b_kind.is_instant() && matches!(a.kind, Kind::Text(_)) {
            return Ok((instant(*a)?, b, b_kind));
        }
        let detail = format!("{} is not compared with {}", told(&a, a_kind), told(&b, b_kind));
        Err(Fault::new(b.at, detail))
    }

    /// A literal in the form of the property that it is compared with.
    fn like(&self, other: &Expr, one: Box<Expr>) -> Faulty<Box<Expr>> {
        let Kind::Property(name) = &other.kind else { return Ok(one) };
        let Some(property) = self.queryables.get(name) else { return Ok(one) };
        let kind = match (property.kind, &one.kind) {
            (Type::Text, Kind::Text(text)) if property.cadastral => {
                match CadastralNumber::parse(text, &self.city.cadastral_number) {
                    Some(number) => Kind::Text(number.to_string()),
                    None => return Ok(one),
                }
            }
            (Type::Number, Kind::Integer(number)) => Kind::Number(*number as f64),
            (Type::Integer, Kind::Number(number))
                if number.fract() == 0.0 && number.abs() < 9e15 =>
            {
                Kind::Integer(*number as i64)
            }
            _ => return Ok(one),
        };
        Ok(Box::new(Expr::new(kind, one.at)?))
    }

    fn temporal(&self, expr: Expr) -> Faulty<Box<Expr>> {
        if matches!(expr.kind, Kind::Text(_)) {
            return instant(expr);
        }
        let at = expr.at.clone();
        let (expr, kind) = self.typed(expr)?;
        if kind.is_instant() || kind == Type::Interval {
            return Ok(expr);
        }
        let detail =
            format!("{} found, a date, a moment or an interval expected", told(&expr, kind));
        Err(Fault::new(at, detail))
    }

    fn bound(&self, expr: Expr) -> Faulty<Box<Expr>> {
        if matches!(expr.kind, Kind::Open) {
            return Ok(Box::new(expr));
        }
        let at = expr.at.clone();
        let (expr, kind) = self.typed(expr)?;
        if kind.is_instant() {
            return Ok(expr);
        }
        Err(Fault::new(at, format!("{} found, a date or a moment expected", told(&expr, kind))))
    }

    /// A property that is a list, or a list of texts.
    fn array(&self, expr: Expr, op: Array) -> Faulty<Box<Expr>> {
        let at = expr.at.clone();
        let (expr, kind) = self.typed(expr)?;
        if let Kind::List(list) = &expr.kind {
            return match list.iter().find(|item| !matches!(item.kind, Kind::Text(_))) {
                Some(other) => Err(Fault::new(other.at.clone(), "a text is expected in the list")),
                None => Ok(expr),
            };
        }
        if kind == Type::List {
            return Ok(expr);
        }
        let detail = format!("{} found, a list expected by {}", told(&expr, kind), op.word());
        Err(Fault::new(at, detail))
    }

    fn function(&self, name: &str, args: Vec<Expr>, at: &str) -> Faulty<(Kind, Type)> {
        let Some(Function { name, takes, gives, .. }) = function::named(name) else {
            let known: Vec<&str> = function::FUNCTIONS.iter().map(|one| one.name).collect();
            let detail = format!("there is no function {name}; known are {}", known.join(", "));
            return Err(Fault::new(at, detail));
        };
        if args.len() != takes.len() {
            let detail = format!("{name} takes {} arguments, {} given", takes.len(), args.len());
            return Err(Fault::new(at, detail));
        }
        let args = args
            .into_iter()
            .zip(*takes)
            .map(|(arg, wanted)| self.wanted(arg, *wanted).map(|arg| *arg));
        Ok((Kind::Function((*name).to_string(), args.collect::<Faulty<_>>()?), *gives))
    }

    fn geometry(&self, geometry: geo::Geometry<f64>, at: &str) -> Faulty<(Kind, Type)> {
        use geo::MapCoords;
        let geometry = match self.crs.north_first() {
            true => geometry.map_coords(|c| geo::Coord { x: c.y, y: c.x }),
            false => geometry,
        };
        if let Some(reason) = crossed(&geometry) {
            return Err(Fault::new(at, format!("the polygon is not valid: {reason}")));
        }
        Ok((Kind::Geometry(placed(&geometry, self.crs, self.city, at)?), Type::Geometry))
    }
}

/// Why a polygon is none.
fn crossed(geometry: &geo::Geometry<f64>) -> Option<String> {
    use geo::Validation;
    match geometry {
        geo::Geometry::Polygon(_)
        | geo::Geometry::MultiPolygon(_)
        | geo::Geometry::GeometryCollection(_) => {
            geometry.validation_errors().first().map(ToString::to_string)
        }
        _ => None,
    }
}

fn told(expr: &Expr, kind: Type) -> String {
    match &expr.kind {
        Kind::Property(name) => format!("{name} ({})", kind.told()),
        _ if expr.is_literal() => format!("{} ({})", expr.to_text(), kind.told()),
        _ => kind.told().to_string(),
    }
}

/// A text that stands where a date or a moment is wanted.
fn instant(expr: Expr) -> Faulty<Box<Expr>> {
    let Kind::Text(text) = &expr.kind else { return Ok(Box::new(expr)) };
    let kind = date(text)
        .map(Kind::Date)
        .or_else(|| text.parse().ok().map(Kind::Timestamp))
        .ok_or_else(|| {
            let detail = format!("{text:?} is not a date or a moment (RFC 3339)");
            Fault::new(expr.at.clone(), detail)
        })?;
    Ok(Box::new(Expr::new(kind, expr.at)?))
}

/// A text, or one whose case or accents do not matter, that does not end in a lone backslash.
fn is_pattern(expr: &Expr) -> bool {
    match &expr.kind {
        Kind::Text(text) => text.chars().rev().take_while(|c| *c == '\\').count() % 2 == 0,
        Kind::Casei(inner) | Kind::Accenti(inner) => is_pattern(inner),
        _ => false,
    }
}
