//! The functions that a filter may call.

use geo::{Area, Distance, Euclidean, Length};

use super::eval::Thing;
use super::queryable::Type;

/// A function: what it takes and gives, in SQL and in memory.
pub struct Function {
    pub name: &'static str,
    pub takes: &'static [Type],
    pub gives: Type,
    pub title: &'static str,
    pub(super) sql: fn(&[String]) -> String,
    pub(super) eval: fn(&[Thing]) -> Thing,
}

fn text(things: &[Thing], of: impl Fn(&str) -> Thing) -> Thing {
    match things {
        [Thing::Text(text)] => of(text),
        _ => Thing::Null,
    }
}

fn number(things: &[Thing], of: impl Fn(f64) -> f64) -> Thing {
    match things {
        [thing] => thing.number().map_or(Thing::Null, |number| Thing::Number(of(number))),
        _ => Thing::Null,
    }
}

fn length(geometry: &geo::Geometry<f64>) -> f64 {
    use geo::Geometry as G;
    match geometry {
        G::LineString(line) => Euclidean.length(line),
        G::MultiLineString(lines) => Euclidean.length(lines),
        G::GeometryCollection(many) => many.0.iter().map(length).sum(),
        _ => 0.0,
    }
}

/// Every function.
pub const FUNCTIONS: &[Function] = &[
    Function {
        name: "lower",
        takes: &[Type::Text],
        gives: Type::Text,
        title: "the text in small letters",
        sql: |args| format!("lower({} collate \"und-x-icu\")", args[0]),
        eval: |things| text(things, |text| Thing::Text(text.to_lowercase())),
    },
    Function {
        name: "upper",
        takes: &[Type::Text],
        gives: Type::Text,
        title: "the text in capital letters",
        sql: |args| format!("upper({} collate \"und-x-icu\")", args[0]),
        eval: |things| text(things, |text| Thing::Text(text.to_uppercase())),
    },
    Function {
        name: "char_length",
        takes: &[Type::Text],
        gives: Type::Integer,
        title: "count of characters",
        sql: |args| format!("char_length({})::bigint", args[0]),
        eval: |things| text(things, |text| Thing::Integer(text.chars().count() as i64)),
    },
    Function {
        name: "abs",
        takes: &[Type::Number],
        gives: Type::Number,
        title: "the number without its sign",
        sql: |args| format!("abs({}::float8)", args[0]),
        eval: |things| number(things, f64::abs),
    },
    Function {
        name: "floor",
        takes: &[Type::Number],
        gives: Type::Number,
        title: "the greatest whole number not above",
        sql: |args| format!("floor({}::float8)", args[0]),
        eval: |things| number(things, f64::floor),
    },
    Function {
        name: "ceil",
        takes: &[Type::Number],
        gives: Type::Number,
        title: "the least whole number not below",
        sql: |args| format!("ceil({}::float8)", args[0]),
        eval: |things| number(things, f64::ceil),
    },
    Function {
        name: "round",
        takes: &[Type::Number],
        gives: Type::Number,
        title: "the nearest whole number, the even one of two",
        sql: |args| format!("round({}::float8)", args[0]),
        eval: |things| number(things, f64::round_ties_even),
    },
    Function {
        name: "year",
        takes: &[Type::Date],
        gives: Type::Integer,
        title: "the year of a date",
        sql: |args| format!("extract(year from {})::bigint", args[0]),
        eval: |things| match things {
            [Thing::Date(date)] => Thing::Integer(i64::from(date.year())),
            _ => Thing::Null,
        },
    },
    Function {
        name: "area",
        takes: &[Type::Geometry],
        gives: Type::Number,
        title: "area in m² in the city's system",
        sql: |args| format!("st_area({})", args[0]),
        eval: |things| match things {
            [Thing::Geometry(geometry)] => Thing::Number(geometry.unsigned_area()),
            _ => Thing::Null,
        },
    },
    Function {
        name: "length",
        takes: &[Type::Geometry],
        gives: Type::Number,
        title: "length of lines in m in the city's system",
        sql: |args| format!("st_length({})", args[0]),
        eval: |things| match things {
            [Thing::Geometry(geometry)] => Thing::Number(length(geometry)),
            _ => Thing::Null,
        },
    },
    Function {
        name: "distance",
        takes: &[Type::Geometry, Type::Geometry],
        gives: Type::Number,
        title: "distance in m in the city's system",
        sql: |args| format!("st_distance({}, {})", args[0], args[1]),
        eval: |things| match things {
            [Thing::Geometry(a), Thing::Geometry(b)] => {
                Thing::Number(Euclidean.distance(&**a, &**b))
            }
            _ => Thing::Null,
        },
    },
];

/// By its name, without regard to case.
pub fn named(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name.eq_ignore_ascii_case(name))
}
