//! A checked predicate as a condition of SQL: every literal a parameter, every column from the catalogue.

use tokio_postgres::types::Type as Sql;

use super::ast::{Arithmetic, Array, Compare, Expr, Kind, Spatial, Temporal};
use super::check::Filter;
use super::fold;
use super::function;
use super::queryable::{Queryables, Type};
use crate::db::{Params, literal};
use crate::error::Result;
use crate::geometry::ewkb_of_geometry;

impl Filter {
    /// The condition over a row of the layer; literals are added to `params`.
    ///
    /// # Errors
    /// [`crate::error::Error::Internal`].
    pub fn sql(&self, queryables: &Queryables, srid: i32, params: &mut Params) -> Result<String> {
        Writer { queryables, srid, params }.expr(&self.checked)
    }
}

struct Writer<'a> {
    queryables: &'a Queryables,
    srid: i32,
    params: &'a mut Params,
}

impl Writer<'_> {
    fn expr(&mut self, expr: &Expr) -> Result<String> {
        let bound = |number: usize, kind: &str| format!("${number}::{kind}");
        Ok(match &expr.kind {
            Kind::And(list) => self.joined(list, " and ")?,
            Kind::Or(list) => self.joined(list, " or ")?,
            Kind::Not(a) => format!("(not {})", self.expr(a)?),
            Kind::Compare(op, a, b) => self.compare(*op, a, b)?,
            Kind::Like(a, b) => format!("({} like {} escape '\\')", self.expr(a)?, self.expr(b)?),
            Kind::Between(a, low, high) => {
                let low = self.compare(Compare::GreaterOrEqual, a, low)?;
                format!("({low} and {})", self.compare(Compare::LessOrEqual, a, high)?)
            }
            Kind::In(a, list) => self.member(a, list)?,
            Kind::IsNull(a) => format!("({} is null)", self.expr(a)?),
            Kind::Spatial(op, a, b) => self.spatial(*op, a, b)?,
            Kind::Temporal(op, a, b) => self.temporal(*op, a, b)?,
            Kind::Array(op, a, b) => {
                let (a, b) = (self.expr(a)?, self.expr(b)?);
                match op {
                    Array::Equals => format!("({a} @> {b} and {a} <@ {b})"),
                    Array::Contains => format!("({a} @> {b})"),
                    Array::ContainedBy => format!("({a} <@ {b})"),
                    Array::Overlaps => format!("({a} && {b})"),
                }
            }
            Kind::Arithmetic(op, a, b) => {
                let (a, b) = (self.expr(a)?, self.expr(b)?);
                let (a, b) = (format!("{a}::float8"), format!("{b}::float8"));
                match op {
                    Arithmetic::Add => format!("({a} + {b})"),
                    Arithmetic::Subtract => format!("({a} - {b})"),
                    Arithmetic::Multiply => format!("({a} * {b})"),
                    Arithmetic::Divide => format!("({a} / nullif({b}, 0))"),
                    Arithmetic::Quotient => format!("trunc({a} / nullif({b}, 0))"),
                    Arithmetic::Modulo => format!("({a} - {b} * trunc({a} / nullif({b}, 0)))"),
                    Arithmetic::Power => format!("power({a}, {b})"),
                }
            }
            Kind::Casei(a) => format!("lower({} collate \"und-x-icu\")", self.expr(a)?),
            Kind::Accenti(a) => {
                let (marked, plain) = fold::table();
                format!("translate({}, {}, {})", self.expr(a)?, literal(marked), literal(plain))
            }
            Kind::Function(name, args) => {
                let args = args.iter().map(|arg| self.expr(arg)).collect::<Result<Vec<_>>>()?;
                let function = function::named(name);
                function.map_or_else(|| "null".into(), |function| (function.sql)(&args))
            }
            Kind::Property(name) => {
                self.queryables.get(name).map_or_else(|| "null".into(), |known| known.sql.clone())
            }
            Kind::Text(text) => bound(self.params.push(text.clone(), Sql::TEXT), "text"),
            Kind::Integer(number) => bound(self.params.push(*number, Sql::INT8), "bigint"),
            Kind::Number(number) => bound(self.params.push(*number, Sql::FLOAT8), "float8"),
            Kind::Boolean(yes) => bound(self.params.push(*yes, Sql::BOOL), "boolean"),
            Kind::Date(date) => bound(self.params.push(*date, Sql::DATE), "date"),
            Kind::Timestamp(at) => bound(self.params.push(*at, Sql::TIMESTAMPTZ), "timestamptz"),
            Kind::Geometry(geometry) => {
                let ewkb = ewkb_of_geometry(geometry, self.srid)?;
                format!("st_geomfromewkb(${})", self.params.push(ewkb, Sql::BYTEA))
            }
            Kind::List(list) => {
                let texts: Vec<String> = list.iter().filter_map(text).collect();
                bound(self.params.push(texts, Sql::TEXT_ARRAY), "text[]")
            }
            Kind::Interval(..) | Kind::Open | Kind::Bbox(_) => "null".into(),
        })
    }

    fn joined(&mut self, list: &[Expr], joint: &str) -> Result<String> {
        let parts = list.iter().map(|one| self.expr(one)).collect::<Result<Vec<_>>>()?;
        Ok(format!("({})", parts.join(joint)))
    }

    fn kind(&self, expr: &Expr) -> Option<Type> {
        Some(match &expr.kind {
            Kind::Property(name) => self.queryables.get(name)?.kind,
            Kind::Function(name, _) => function::named(name)?.gives,
            Kind::Text(_) | Kind::Casei(_) | Kind::Accenti(_) => Type::Text,
            Kind::Date(_) => Type::Date,
            Kind::Timestamp(_) => Type::Timestamp,
            _ => return None,
        })
    }

    fn compare(&mut self, op: Compare, a: &Expr, b: &Expr) -> Result<String> {
        let kinds = [self.kind(a), self.kind(b)];
        let (mut left, mut right) = (self.expr(a)?, self.expr(b)?);
        if kinds.contains(&Some(Type::Timestamp)) {
            for (side, kind) in [(&mut left, kinds[0]), (&mut right, kinds[1])] {
                if kind == Some(Type::Date) {
                    *side = midnight(side);
                }
            }
        }
        let ordered = !matches!(op, Compare::Equal | Compare::NotEqual);
        if ordered && kinds.contains(&Some(Type::Text)) {
            // By code point, as memory does, whatever the database's collation is.
            left = format!("({left}) collate \"C\"");
            right = format!("({right}) collate \"C\"");
        }
        Ok(format!("({left} {} {right})", op.word()))
    }

    /// Membership: one array where all are plain literals of one kind.
    fn member(&mut self, a: &Expr, list: &[Expr]) -> Result<String> {
        let texts: Option<Vec<String>> = list.iter().map(text).collect();
        let whole = |item: &Expr| match item.kind {
            Kind::Integer(number) => Some(number),
            _ => None,
        };
        let wholes: Option<Vec<i64>> = list.iter().map(whole).collect();
        let left = self.expr(a)?;
        if let Some(texts) = texts {
            let number = self.params.push(texts, Sql::TEXT_ARRAY);
            return Ok(format!("({left} = any(${number}::text[]))"));
        }
        if let Some(wholes) = wholes {
            let number = self.params.push(wholes, Sql::INT8_ARRAY);
            return Ok(format!("({left} = any(${number}::bigint[]))"));
        }
        let each = list.iter().map(|item| self.compare(Compare::Equal, a, item));
        Ok(format!("({})", each.collect::<Result<Vec<_>>>()?.join(" or ")))
    }

    fn spatial(&mut self, op: Spatial, a: &Expr, b: &Expr) -> Result<String> {
        let (a, b) = (self.expr(a)?, self.expr(b)?);
        let name = match op {
            Spatial::Intersects | Spatial::Disjoint => "st_intersects",
            Spatial::Equals => "st_equals",
            Spatial::Touches => "st_touches",
            Spatial::Within => "st_within",
            Spatial::Overlaps => "st_overlaps",
            Spatial::Crosses => "st_crosses",
            Spatial::Contains => "st_contains",
        };
        // The box first: it has the index, and st_intersects alone may walk another one.
        let met = format!("({a} && {b} and {name}({a}, {b}))");
        Ok(if op == Spatial::Disjoint { format!("(not {met})") } else { met })
    }

    fn temporal(&mut self, op: Temporal, a: &Expr, b: &Expr) -> Result<String> {
        let mut kinds = Vec::new();
        for one in [a, b] {
            match &one.kind {
                Kind::Interval(start, end) => kinds.extend([self.kind(start), self.kind(end)]),
                _ => kinds.push(self.kind(one)),
            }
        }
        let has = |kind: Type| kinds.contains(&Some(kind));
        // A date beside a moment is its whole day.
        let days = has(Type::Date) && has(Type::Timestamp);
        let (a0, a1) = self.span(a, days)?;
        let (b0, b1) = self.span(b, days)?;
        Ok(match op {
            Temporal::After => format!("({a0} > {b1})"),
            Temporal::Before => format!("({a1} < {b0})"),
            Temporal::Contains => format!("({a0} < {b0} and {a1} > {b1})"),
            Temporal::Disjoint => format!("({a1} < {b0} or {a0} > {b1})"),
            Temporal::During => format!("({a0} > {b0} and {a1} < {b1})"),
            Temporal::Equals => format!("({a0} = {b0} and {a1} = {b1})"),
            Temporal::FinishedBy => format!("({a0} < {b0} and {a1} = {b1})"),
            Temporal::Finishes => format!("({a0} > {b0} and {a1} = {b1})"),
            Temporal::Intersects => format!("(not ({a1} < {b0} or {a0} > {b1}))"),
            Temporal::Meets => format!("({a1} = {b0})"),
            Temporal::MetBy => format!("({a0} = {b1})"),
            Temporal::OverlappedBy => format!("({a0} > {b0} and {a0} < {b1} and {a1} > {b1})"),
            Temporal::Overlaps => format!("({a0} < {b0} and {a1} > {b0} and {a1} < {b1})"),
            Temporal::StartedBy => format!("({a0} = {b0} and {a1} > {b1})"),
            Temporal::Starts => format!("({a0} = {b0} and {a1} < {b1})"),
        })
    }

    /// Start and end as moments.
    fn span(&mut self, expr: &Expr, days: bool) -> Result<(String, String)> {
        let (start, end) = match &expr.kind {
            Kind::Interval(start, end) => (&**start, &**end),
            _ => (expr, expr),
        };
        let first = match start.kind {
            Kind::Open => "'-infinity'::timestamptz".into(),
            _ if self.kind(start) == Some(Type::Date) => midnight(&self.expr(start)?),
            _ => self.expr(start)?,
        };
        let last = match end.kind {
            Kind::Open => "'infinity'::timestamptz".into(),
            _ if self.kind(end) == Some(Type::Date) => {
                let day = midnight(&self.expr(end)?);
                if days { format!("({day} + interval '86399.999999 seconds')") } else { day }
            }
            _ => self.expr(end)?,
        };
        Ok((first, last))
    }
}

fn text(expr: &Expr) -> Option<String> {
    match &expr.kind {
        Kind::Text(text) => Some(text.clone()),
        _ => None,
    }
}

/// The first moment of a day, UTC.
fn midnight(date: &str) -> String {
    format!("({date}::timestamp at time zone 'UTC')")
}
