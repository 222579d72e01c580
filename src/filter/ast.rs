//! The tree of a predicate, the same for text and JSON.

use geo::Geometry;
use jiff::Timestamp;
use jiff::civil::Date;

use super::{Fault, Faulty};
use crate::config::limit;

/// An expression and where it stands: `byte 12` of the text, or a JSON Pointer.
#[derive(Debug, Clone)]
pub struct Expr {
    pub kind: Kind,
    pub at: String,
    height: usize,
}

impl PartialEq for Expr {
    /// Where they stand does not matter.
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

/// What an expression is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    Compare(Compare, Box<Expr>, Box<Expr>),
    Like(Box<Expr>, Box<Expr>),
    Between(Box<Expr>, Box<Expr>, Box<Expr>),
    In(Box<Expr>, Vec<Expr>),
    IsNull(Box<Expr>),
    Spatial(Spatial, Box<Expr>, Box<Expr>),
    Temporal(Temporal, Box<Expr>, Box<Expr>),
    Array(Array, Box<Expr>, Box<Expr>),
    Arithmetic(Arithmetic, Box<Expr>, Box<Expr>),
    Casei(Box<Expr>),
    Accenti(Box<Expr>),
    Function(String, Vec<Expr>),
    Property(String),
    Text(String),
    Integer(i64),
    Number(f64),
    Boolean(bool),
    Date(Date),
    Timestamp(Timestamp),
    /// Start and end, both included.
    Interval(Box<Expr>, Box<Expr>),
    /// `..`: an interval without that end.
    Open,
    /// Coordinates in the filter's system, axes east, north.
    Geometry(Geometry<f64>),
    /// West, south, east, north.
    Bbox([f64; 4]),
    List(Vec<Expr>),
}

/// Makes an enum of operators with their names in text and JSON.
macro_rules! operators {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($variant),+ }

        impl $name {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in JSON; in text without regard to case.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// By its name.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.word().eq_ignore_ascii_case(word))
            }
        }
    };
}

operators! {
    /// A comparison.
    Compare { Equal = "=", NotEqual = "<>", Less = "<", LessOrEqual = "<=", Greater = ">",
              GreaterOrEqual = ">=" }
}
operators! {
    /// A relation of two geometries (OGC 06-103r4).
    Spatial { Intersects = "s_intersects", Disjoint = "s_disjoint", Equals = "s_equals",
              Touches = "s_touches", Within = "s_within", Overlaps = "s_overlaps",
              Crosses = "s_crosses", Contains = "s_contains" }
}
operators! {
    /// A relation of two moments or intervals.
    Temporal { After = "t_after", Before = "t_before", Contains = "t_contains",
               Disjoint = "t_disjoint", During = "t_during", Equals = "t_equals",
               FinishedBy = "t_finishedBy", Finishes = "t_finishes",
               Intersects = "t_intersects", Meets = "t_meets", MetBy = "t_metBy",
               OverlappedBy = "t_overlappedBy", Overlaps = "t_overlaps",
               StartedBy = "t_startedBy", Starts = "t_starts" }
}
operators! {
    /// A relation of two lists as sets.
    Array { Equals = "a_equals", Contains = "a_contains", ContainedBy = "a_containedBy",
            Overlaps = "a_overlaps" }
}
operators! {
    /// Arithmetic in double precision.
    Arithmetic { Add = "+", Subtract = "-", Multiply = "*", Divide = "/", Modulo = "%",
                 Quotient = "div", Power = "^" }
}

impl Expr {
    /// An expression; refused when it is too high a tree.
    pub fn new(kind: Kind, at: impl Into<String>) -> Faulty<Self> {
        let at = at.into();
        let height = 1 + kind.children().map(|child| child.height).max().unwrap_or(0);
        if height > limit::FILTER_HEIGHT_MAX {
            let most = limit::FILTER_HEIGHT_MAX;
            return Err(Fault::new(
                at,
                format!("nested too deeply; at most {most} levels are taken"),
            ));
        }
        Ok(Self { kind, at, height })
    }

    /// Whether it is a value that stands in the filter itself.
    pub fn is_literal(&self) -> bool {
        use Kind as K;
        matches!(
            self.kind,
            K::Text(_)
                | K::Integer(_)
                | K::Number(_)
                | K::Boolean(_)
                | K::Date(_)
                | K::Timestamp(_)
        )
    }
}

impl Kind {
    /// The expressions within.
    pub fn children(&self) -> Box<dyn Iterator<Item = &Expr> + '_> {
        match self {
            Self::And(list) | Self::Or(list) | Self::List(list) | Self::Function(_, list) => {
                Box::new(list.iter())
            }
            Self::In(one, list) => Box::new(std::iter::once(&**one).chain(list)),
            Self::Between(a, b, c) => Box::new([&**a, &**b, &**c].into_iter()),
            Self::Compare(_, a, b)
            | Self::Like(a, b)
            | Self::Spatial(_, a, b)
            | Self::Temporal(_, a, b)
            | Self::Array(_, a, b)
            | Self::Arithmetic(_, a, b)
            | Self::Interval(a, b) => Box::new([&**a, &**b].into_iter()),
            Self::Not(a) | Self::IsNull(a) | Self::Casei(a) | Self::Accenti(a) => {
                Box::new(std::iter::once(&**a))
            }
            _ => Box::new(std::iter::empty()),
        }
    }
}
