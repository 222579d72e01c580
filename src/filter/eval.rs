//! A checked predicate over a feature in memory, in the three-valued logic of SQL.

use std::cmp::Ordering;
use std::sync::Arc;

use geo::{Geometry, Relate};
use jiff::Timestamp;
use jiff::civil::Date;

use super::ast::{Arithmetic, Array, Compare, Expr, Kind, Spatial, Temporal};
use super::check::Filter;
use super::fold;
use super::function;

/// A value in memory.
#[derive(Debug, Clone)]
pub enum Thing {
    Null,
    Text(String),
    Integer(i64),
    Number(f64),
    Boolean(bool),
    Date(Date),
    Timestamp(Timestamp),
    Interval(Bound, Bound),
    Geometry(Arc<Geometry<f64>>),
    List(Vec<String>),
}

/// An end of an interval.
#[derive(Debug, Clone, Copy)]
pub enum Bound {
    Open,
    Unknown,
    At(Moment),
}

/// A date or a moment.
#[derive(Debug, Clone, Copy)]
pub enum Moment {
    Day(Date),
    Instant(Timestamp),
}

/// A feature whose properties can be asked for; its geometry is in the city's system.
pub trait Scene {
    /// The value of a property; unknown ones are null.
    fn value(&self, name: &str) -> Thing;
}

impl Thing {
    /// As a double.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(*number as f64),
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    fn moment(&self) -> Option<Moment> {
        match self {
            Self::Date(date) => Some(Moment::Day(*date)),
            Self::Timestamp(at) => Some(Moment::Instant(*at)),
            _ => None,
        }
    }
}

impl Filter {
    /// The verdict over a feature; `None`: unknown, which a query takes as no.
    pub fn holds(&self, scene: &impl Scene) -> Option<bool> {
        verdict(&self.checked, scene)
    }
}

fn verdict(expr: &Expr, scene: &impl Scene) -> Option<bool> {
    match eval(expr, scene) {
        Thing::Boolean(yes) => Some(yes),
        _ => None,
    }
}

fn eval(expr: &Expr, scene: &impl Scene) -> Thing {
    let truth = |verdict: Option<bool>| verdict.map_or(Thing::Null, Thing::Boolean);
    let on = |inner: &Expr, of: fn(&str) -> String| match eval(inner, scene) {
        Thing::Text(text) => Thing::Text(of(&text)),
        _ => Thing::Null,
    };
    match &expr.kind {
        Kind::And(list) => truth(all(list.iter().map(|one| verdict(one, scene)))),
        Kind::Or(list) => truth(any(list.iter().map(|one| verdict(one, scene)))),
        Kind::Not(a) => truth(verdict(a, scene).map(|yes| !yes)),
        Kind::Compare(op, a, b) => truth(compare(*op, &eval(a, scene), &eval(b, scene))),
        Kind::Like(a, b) => match (eval(a, scene), eval(b, scene)) {
            (Thing::Text(text), Thing::Text(pattern)) => Thing::Boolean(like(&text, &pattern)),
            _ => Thing::Null,
        },
        Kind::Between(a, low, high) => {
            let one = eval(a, scene);
            let low = compare(Compare::GreaterOrEqual, &one, &eval(low, scene));
            let high = compare(Compare::LessOrEqual, &one, &eval(high, scene));
            truth(all([low, high]))
        }
        Kind::In(a, list) => {
            let one = eval(a, scene);
            let met = list.iter().map(|b| compare(Compare::Equal, &one, &eval(b, scene)));
            truth(any(met))
        }
        Kind::IsNull(a) => Thing::Boolean(matches!(eval(a, scene), Thing::Null)),
        Kind::Spatial(op, a, b) => match (eval(a, scene), eval(b, scene)) {
            (Thing::Geometry(a), Thing::Geometry(b)) => Thing::Boolean(spatial(*op, &a, &b)),
            _ => Thing::Null,
        },
        Kind::Temporal(op, a, b) => truth(temporal(*op, &eval(a, scene), &eval(b, scene))),
        Kind::Array(op, a, b) => match (eval(a, scene), eval(b, scene)) {
            (Thing::List(a), Thing::List(b)) => Thing::Boolean(array(*op, &a, &b)),
            _ => Thing::Null,
        },
        Kind::Arithmetic(op, a, b) => match (eval(a, scene).number(), eval(b, scene).number()) {
            (Some(a), Some(b)) => arithmetic(*op, a, b),
            _ => Thing::Null,
        },
        Kind::Casei(a) => on(a, |text| text.to_lowercase()),
        Kind::Accenti(a) => on(a, fold::accents),
        Kind::Function(name, args) => {
            let args: Vec<Thing> = args.iter().map(|arg| eval(arg, scene)).collect();
            function::named(name).map_or(Thing::Null, |function| (function.eval)(&args))
        }
        Kind::Property(name) => scene.value(name),
        Kind::Text(text) => Thing::Text(text.clone()),
        Kind::Integer(number) => Thing::Integer(*number),
        Kind::Number(number) => Thing::Number(*number),
        Kind::Boolean(yes) => Thing::Boolean(*yes),
        Kind::Date(date) => Thing::Date(*date),
        Kind::Timestamp(at) => Thing::Timestamp(*at),
        Kind::Interval(a, b) => interval(a, b, scene),
        Kind::Geometry(geometry) => Thing::Geometry(Arc::new(geometry.clone())),
        Kind::List(list) => Thing::List(
            list.iter()
                .filter_map(|item| match &item.kind {
                    Kind::Text(text) => Some(text.clone()),
                    _ => None,
                })
                .collect(),
        ),
        Kind::Open | Kind::Bbox(_) => Thing::Null,
    }
}

/// A no decides; else one that is unknown leaves it open.
fn all(verdicts: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    let mut known = Some(true);
    for verdict in verdicts {
        match verdict {
            Some(false) => return Some(false),
            Some(true) => {}
            None => known = None,
        }
    }
    known
}

/// A yes decides; else one that is unknown leaves it open.
fn any(verdicts: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    all(verdicts.into_iter().map(|verdict| verdict.map(|yes| !yes))).map(|no| !no)
}

fn interval(a: &Expr, b: &Expr, scene: &impl Scene) -> Thing {
    let end = |expr: &Expr| match expr.kind {
        Kind::Open => Bound::Open,
        _ => eval(expr, scene).moment().map_or(Bound::Unknown, Bound::At),
    };
    Thing::Interval(end(a), end(b))
}

fn compare(op: Compare, a: &Thing, b: &Thing) -> Option<bool> {
    let order = match (a, b) {
        (Thing::Text(a), Thing::Text(b)) => a.cmp(b),
        (Thing::Integer(a), Thing::Integer(b)) => a.cmp(b),
        (Thing::Boolean(a), Thing::Boolean(b)) => a.cmp(b),
        (Thing::Date(a), Thing::Date(b)) => a.cmp(b),
        _ => match (a.number(), b.number(), a.moment(), b.moment()) {
            (Some(a), Some(b), ..) => a.partial_cmp(&b)?,
            (.., Some(a), Some(b)) => first(a).cmp(&first(b)),
            _ => return None,
        },
    };
    Some(match op {
        Compare::Equal => order == Ordering::Equal,
        Compare::NotEqual => order != Ordering::Equal,
        Compare::Less => order == Ordering::Less,
        Compare::LessOrEqual => order != Ordering::Greater,
        Compare::Greater => order == Ordering::Greater,
        Compare::GreaterOrEqual => order != Ordering::Less,
    })
}

/// Whether a text fits a pattern: `%` any characters, `_` one, `\` before a plain one.
fn like(text: &str, pattern: &str) -> bool {
    enum Part {
        Any,
        One,
        Plain(char),
    }
    let mut parts = Vec::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        parts.push(match c {
            '%' => Part::Any,
            '_' => Part::One,
            '\\' => Part::Plain(chars.next().unwrap_or('\\')),
            c => Part::Plain(c),
        });
    }
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut part) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while at < text.len() {
        match parts.get(part) {
            Some(Part::Any) => {
                back = Some((at, part + 1));
                part += 1;
            }
            Some(Part::One) => (at, part) = (at + 1, part + 1),
            Some(Part::Plain(c)) if *c == text[at] => (at, part) = (at + 1, part + 1),
            _ => match back {
                Some((from, next)) => {
                    back = Some((from + 1, next));
                    (at, part) = (from + 1, next);
                }
                None => return false,
            },
        }
    }
    parts[part..].iter().all(|part| matches!(part, Part::Any))
}

fn spatial(op: Spatial, a: &Geometry<f64>, b: &Geometry<f64>) -> bool {
    use geo::CoordsIter;
    // As PostGIS: what is empty meets nothing.
    if a.coords_count() == 0 || b.coords_count() == 0 {
        return op == Spatial::Disjoint;
    }
    let relation = a.relate(b);
    match op {
        Spatial::Intersects => relation.is_intersects(),
        Spatial::Disjoint => relation.is_disjoint(),
        Spatial::Equals => relation.is_equal_topo(),
        Spatial::Touches => relation.is_touches(),
        Spatial::Within => relation.is_within(),
        Spatial::Overlaps => relation.is_overlaps(),
        Spatial::Crosses => relation.is_crosses(),
        Spatial::Contains => relation.is_contains(),
    }
}

fn array(op: Array, a: &[String], b: &[String]) -> bool {
    let within = |a: &[String], b: &[String]| a.iter().all(|one| b.contains(one));
    match op {
        Array::Equals => within(a, b) && within(b, a),
        Array::Contains => within(b, a),
        Array::ContainedBy => within(a, b),
        Array::Overlaps => a.iter().any(|one| b.contains(one)),
    }
}

fn arithmetic(op: Arithmetic, a: f64, b: f64) -> Thing {
    let by_zero = b == 0.0;
    let result = match op {
        Arithmetic::Add => a + b,
        Arithmetic::Subtract => a - b,
        Arithmetic::Multiply => a * b,
        Arithmetic::Divide | Arithmetic::Quotient | Arithmetic::Modulo if by_zero => {
            return Thing::Null;
        }
        Arithmetic::Divide => a / b,
        Arithmetic::Quotient => (a / b).trunc(),
        Arithmetic::Modulo => a - b * (a / b).trunc(),
        Arithmetic::Power => a.powf(b),
    };
    if result.is_finite() { Thing::Number(result) } else { Thing::Null }
}

/// The first microsecond, since 1970.
fn first(moment: Moment) -> i64 {
    match moment {
        Moment::Instant(at) => at.as_microsecond(),
        Moment::Day(date) => date
            .to_zoned(jiff::tz::TimeZone::UTC)
            .map_or(0, |zoned| zoned.timestamp().as_microsecond()),
    }
}

/// Ends in microseconds; `None`: unknown.
type Ends = (Option<i64>, Option<i64>);

fn temporal(op: Temporal, a: &Thing, b: &Thing) -> Option<bool> {
    let bounds = |thing: &Thing| match thing {
        Thing::Interval(start, end) => [*start, *end],
        other => other.moment().map_or([Bound::Unknown; 2], |at| [Bound::At(at); 2]),
    };
    let (a, b) = (bounds(a), bounds(b));
    let has = |day: bool| {
        a.iter().chain(&b).any(|bound| match bound {
            Bound::At(Moment::Day(_)) => day,
            Bound::At(Moment::Instant(_)) => !day,
            _ => false,
        })
    };
    // A date beside a moment is its whole day.
    let days = has(true) && has(false);
    let ends = |[start, end]: [Bound; 2]| -> Ends {
        let first_of = match start {
            Bound::Open => Some(i64::MIN),
            Bound::Unknown => None,
            Bound::At(at) => Some(first(at)),
        };
        let last_of = match end {
            Bound::Open => Some(i64::MAX),
            Bound::Unknown => None,
            Bound::At(at @ Moment::Day(_)) if days => Some(first(at) + 86_399_999_999),
            Bound::At(at) => Some(first(at)),
        };
        (first_of, last_of)
    };
    let ((a0, a1), (b0, b1)) = (ends(a), ends(b));
    let before = |x: Option<i64>, y: Option<i64>| Some(x? < y?);
    let same = |x: Option<i64>, y: Option<i64>| Some(x? == y?);
    match op {
        Temporal::After => before(b1, a0),
        Temporal::Before => before(a1, b0),
        Temporal::Contains => all([before(a0, b0), before(b1, a1)]),
        Temporal::Disjoint => any([before(a1, b0), before(b1, a0)]),
        Temporal::During => all([before(b0, a0), before(a1, b1)]),
        Temporal::Equals => all([same(a0, b0), same(a1, b1)]),
        Temporal::FinishedBy => all([before(a0, b0), same(a1, b1)]),
        Temporal::Finishes => all([before(b0, a0), same(a1, b1)]),
        Temporal::Intersects => any([before(a1, b0), before(b1, a0)]).map(|apart| !apart),
        Temporal::Meets => same(a1, b0),
        Temporal::MetBy => same(a0, b1),
        Temporal::OverlappedBy => all([before(b0, a0), before(a0, b1), before(b1, a1)]),
        Temporal::Overlaps => all([before(a0, b0), before(b0, a1), before(a1, b1)]),
        Temporal::StartedBy => all([same(a0, b0), before(b1, a1)]),
        Temporal::Starts => all([same(a0, b0), before(a1, b1)]),
    }
}
