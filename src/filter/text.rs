//! CQL2 text → the tree: recursive descent, one token ahead, never back.
//!
//! # Source
//! OGC 21-065r2 (CQL2 1.0), annex B.

use jiff::Timestamp;
use jiff::civil::Date;

use super::ast::{Arithmetic, Array, Compare, Expr, Kind, Spatial, Temporal};
use super::lex::{Token, place, tokens};
use super::wkt;
use super::{Fault, Faulty};
use crate::config::limit;

/// Reads a predicate.
pub fn parse(text: &str) -> Faulty<Expr> {
    if text.len() > limit::FILTER_BYTES_MAX {
        let most = limit::FILTER_BYTES_MAX;
        let detail =
            format!("{} bytes; at most {most} are taken, more by POST /search", text.len());
        return Err(Fault::new(place(most), detail));
    }
    let mut parser = Parser { tokens: tokens(text)?, next: 0, depth: 0 };
    let expr = parser.or()?;
    match parser.peek() {
        Token::End => Ok(expr),
        other => {
            let detail = format!("{} found, AND, OR or the end expected", other.told());
            Err(Fault::new(parser.at(), detail))
        }
    }
}

pub(super) struct Parser {
    tokens: Vec<(Token, usize)>,
    next: usize,
    depth: usize,
}

/// Words that are not names of properties unless in double quotes.
const KEYWORDS: [&str; 11] =
    ["and", "or", "not", "like", "between", "in", "is", "null", "true", "false", "div"];

impl Parser {
    pub(super) fn peek(&self) -> &Token {
        &self.tokens[self.next.min(self.tokens.len() - 1)].0
    }

    fn ahead(&self) -> &Token {
        &self.tokens[(self.next + 1).min(self.tokens.len() - 1)].0
    }

    pub(super) fn at(&self) -> String {
        place(self.tokens[self.next.min(self.tokens.len() - 1)].1)
    }

    pub(super) fn take(&mut self) -> Token {
        let token = self.peek().clone();
        self.next += 1;
        token
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Word(found) if found.eq_ignore_ascii_case(word))
    }

    pub(super) fn takes_word(&mut self, word: &str) -> bool {
        let is = self.is_word(word);
        self.next += usize::from(is);
        is
    }

    pub(super) fn takes(&mut self, sign: &str) -> bool {
        let is = matches!(self.peek(), Token::Sign(found) if *found == sign);
        self.next += usize::from(is);
        is
    }

    pub(super) fn expect(&mut self, sign: &str) -> Faulty<()> {
        if self.takes(sign) { Ok(()) } else { Err(self.expected(sign)) }
    }

    pub(super) fn expected(&self, what: &str) -> Fault {
        Fault::new(self.at(), format!("{} found, {what} expected", self.peek().told()))
    }

    /// One level further in.
    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Faulty<T>) -> Faulty<T> {
        self.depth += 1;
        if self.depth > limit::FILTER_DEPTH_MAX {
            let most = limit::FILTER_DEPTH_MAX;
            let detail = format!("nested too deeply; at most {most} levels are taken");
            return Err(Fault::new(self.at(), detail));
        }
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn or(&mut self) -> Faulty<Expr> {
        let at = self.at();
        let mut list = vec![self.and()?];
        while self.takes_word("or") {
            list.push(self.and()?);
        }
        joined(list, at, Kind::Or)
    }

    fn and(&mut self) -> Faulty<Expr> {
        let at = self.at();
        let mut list = vec![self.not()?];
        while self.takes_word("and") {
            list.push(self.not()?);
        }
        joined(list, at, Kind::And)
    }

    fn not(&mut self) -> Faulty<Expr> {
        let at = self.at();
        if self.takes_word("not") {
            let inner = self.deeper(Self::not)?;
            return Expr::new(Kind::Not(Box::new(inner)), at);
        }
        self.predicate()
    }

    fn predicate(&mut self) -> Faulty<Expr> {
        let left = self.sum()?;
        let at = left.at.clone();
        if let Token::Sign(sign) = self.peek()
            && let Some(op) = Compare::parse(sign)
        {
            self.next += 1;
            let right = self.sum()?;
            return Expr::new(Kind::Compare(op, Box::new(left), Box::new(right)), at);
        }
        if self.takes_word("is") {
            let negated = self.takes_word("not");
            if !self.takes_word("null") {
                return Err(self.expected("NULL"));
            }
            return negate(negated, Expr::new(Kind::IsNull(Box::new(left)), at)?);
        }
        let negated = self.is_word("not");
        self.next += usize::from(negated);
        let kind = if self.takes_word("like") {
            Kind::Like(Box::new(left), Box::new(self.sum()?))
        } else if self.takes_word("between") {
            let low = self.sum()?;
            if !self.takes_word("and") {
                return Err(self.expected("AND"));
            }
            Kind::Between(Box::new(left), Box::new(low), Box::new(self.sum()?))
        } else if self.takes_word("in") {
            Kind::In(Box::new(left), self.list()?)
        } else if negated {
            return Err(self.expected("LIKE, BETWEEN or IN"));
        } else {
            return Ok(left);
        };
        negate(negated, Expr::new(kind, at)?)
    }

    /// `(a, b, …)` or `[a, b, …]`.
    fn list(&mut self) -> Faulty<Vec<Expr>> {
        let close = match self.peek() {
            Token::Sign("(") => ")",
            Token::Sign("[") => "]",
            _ => return Err(self.expected("(")),
        };
        self.next += 1;
        self.deeper(|parser| {
            let mut list = Vec::new();
            if parser.takes(close) {
                return Ok(list);
            }
            loop {
                list.push(parser.or()?);
                if !parser.takes(",") {
                    break;
                }
            }
            parser.expect(close)?;
            Ok(list)
        })
    }

    fn sum(&mut self) -> Faulty<Expr> {
        self.chain(&[Arithmetic::Add, Arithmetic::Subtract], Self::product)
    }

    fn product(&mut self) -> Faulty<Expr> {
        use Arithmetic as A;
        self.chain(&[A::Multiply, A::Divide, A::Modulo, A::Quotient], Self::power)
    }

    /// Operators of one rank, from left to right.
    fn chain(
        &mut self,
        ops: &[Arithmetic],
        operand: impl Fn(&mut Self) -> Faulty<Expr>,
    ) -> Faulty<Expr> {
        let mut left = operand(self)?;
        loop {
            let word = match self.peek() {
                Token::Sign(sign) => Some(*sign),
                Token::Word(word) if word.eq_ignore_ascii_case("div") => Some("div"),
                _ => None,
            };
            let Some(op) = word.and_then(Arithmetic::parse).filter(|op| ops.contains(op)) else {
                return Ok(left);
            };
            self.next += 1;
            let (at, right) = (left.at.clone(), operand(self)?);
            left = Expr::new(Kind::Arithmetic(op, Box::new(left), Box::new(right)), at)?;
        }
    }

    fn power(&mut self) -> Faulty<Expr> {
        let base = self.primary()?;
        if !self.takes("^") {
            return Ok(base);
        }
        let (at, exponent) = (base.at.clone(), self.deeper(Self::power)?);
        let kind = Kind::Arithmetic(Arithmetic::Power, Box::new(base), Box::new(exponent));
        Expr::new(kind, at)
    }

    fn primary(&mut self) -> Faulty<Expr> {
        let at = self.at();
        let kind = match self.peek().clone() {
            Token::Sign("(") => {
                let mut list = self.list()?;
                match list.len() {
                    1 => return Ok(list.remove(0)),
                    _ => Kind::List(list),
                }
            }
            Token::Sign("[") => Kind::List(self.list()?),
            Token::Sign(sign @ ("-" | "+")) => {
                self.next += 1;
                match (sign, self.peek().clone()) {
                    ("-", Token::Integer(number)) => {
                        self.next += 1;
                        Kind::Integer(-number)
                    }
                    ("-", Token::Number(number)) => {
                        self.next += 1;
                        Kind::Number(-number)
                    }
                    ("+", _) => return self.deeper(Self::primary),
                    _ => {
                        let inner = self.deeper(Self::primary)?;
                        let minus = Box::new(Expr::new(Kind::Integer(-1), at.clone())?);
                        Kind::Arithmetic(Arithmetic::Multiply, minus, Box::new(inner))
                    }
                }
            }
            Token::Text(text) => {
                self.next += 1;
                Kind::Text(text)
            }
            Token::Integer(number) => {
                self.next += 1;
                Kind::Integer(number)
            }
            Token::Number(number) => {
                self.next += 1;
                Kind::Number(number)
            }
            Token::Quoted(name) => {
                self.next += 1;
                Kind::Property(name)
            }
            Token::Word(word) => return self.word(word, at),
            _ => return Err(self.expected("a value, a property or a predicate")),
        };
        Expr::new(kind, at)
    }

    /// A keyword, a function, or the name of a property.
    fn word(&mut self, word: String, at: String) -> Faulty<Expr> {
        let lower = word.to_ascii_lowercase();
        if let Some(kind) = wkt::geometry(self, &lower)? {
            return Expr::new(kind, at);
        }
        let called = *self.ahead() == Token::Sign("(");
        if !called {
            self.next += 1;
            return match lower.as_str() {
                "true" | "false" => Expr::new(Kind::Boolean(lower == "true"), at),
                word if KEYWORDS.contains(&word) => {
                    self.next -= 1;
                    Err(self.expected("a value, a property or a predicate"))
                }
                _ => Expr::new(Kind::Property(word), at),
            };
        }
        if KEYWORDS.contains(&lower.as_str()) {
            return Err(self.expected("a value, a property or a predicate"));
        }
        self.next += 1;
        let mut args = self.arguments(lower.starts_with("a_"))?;
        let two = |args: Vec<Expr>| match <[Expr; 2]>::try_from(args) {
            Ok([a, b]) => Ok((Box::new(a), Box::new(b))),
            Err(args) => {
                let count = args.len();
                let detail = format!("{word} takes two arguments, {count} given");
                Err(Fault::new(at.clone(), detail))
            }
        };
        let kind = match lower.as_str() {
            "casei" | "accenti" if args.len() == 1 => {
                let inner = Box::new(args.remove(0));
                if lower == "casei" { Kind::Casei(inner) } else { Kind::Accenti(inner) }
            }
            "date" | "timestamp" => match &args[..] {
                [Expr { kind: Kind::Text(text), at, .. }] => moment(text, &lower, at)?,
                _ => return Err(Fault::new(at, format!("{word} takes one text"))),
            },
            "interval" => {
                let (a, b) = two(args)?;
                Kind::Interval(Box::new(bound(*a)?), Box::new(bound(*b)?))
            }
            _ => {
                if let Some(op) = Spatial::parse(&lower) {
                    let (a, b) = two(args)?;
                    Kind::Spatial(op, a, b)
                } else if let Some(op) = Temporal::parse(&lower) {
                    let (a, b) = two(args)?;
                    Kind::Temporal(op, a, b)
                } else if let Some(op) = Array::parse(&lower) {
                    let (a, b) = two(args)?;
                    Kind::Array(op, a, b)
                } else {
                    Kind::Function(word, args)
                }
            }
        };
        Expr::new(kind, at)
    }

    /// Arguments in parentheses; `lists`: one in parentheses is a list, however short.
    fn arguments(&mut self, lists: bool) -> Faulty<Vec<Expr>> {
        self.expect("(")?;
        self.deeper(|parser| {
            let mut args = Vec::new();
            if parser.takes(")") {
                return Ok(args);
            }
            loop {
                let at = parser.at();
                args.push(match parser.peek() {
                    Token::Sign("(" | "[") if lists => Expr::new(Kind::List(parser.list()?), at)?,
                    _ => parser.or()?,
                });
                if !parser.takes(",") {
                    break;
                }
            }
            parser.expect(")")?;
            Ok(args)
        })
    }
}

fn joined(mut list: Vec<Expr>, at: String, kind: fn(Vec<Expr>) -> Kind) -> Faulty<Expr> {
    if list.len() == 1 { Ok(list.remove(0)) } else { Expr::new(kind(list), at) }
}

fn negate(negated: bool, expr: Expr) -> Faulty<Expr> {
    if !negated {
        return Ok(expr);
    }
    let at = expr.at.clone();
    Expr::new(Kind::Not(Box::new(expr)), at)
}

/// `DATE('2026-01-31')`, `TIMESTAMP('2026-01-31T10:00:00Z')`.
pub(super) fn moment(text: &str, kind: &str, at: &str) -> Faulty<Kind> {
    let detail = || format!("{text:?} is not an RFC 3339 {kind}");
    match kind {
        "date" => date(text).map(Kind::Date),
        _ => text.parse::<Timestamp>().ok().map(Kind::Timestamp),
    }
    .ok_or_else(|| Fault::new(at, detail()))
}

/// `2026-01-31`, years 1 … 9999.
pub(super) fn date(text: &str) -> Option<Date> {
    text.parse::<Date>().ok().filter(|date| text.len() == 10 && date.year() > 0)
}

/// An end of an interval: a date, a moment, `..`, or a property.
pub(super) fn bound(expr: Expr) -> Faulty<Expr> {
    let Kind::Text(text) = &expr.kind else {
        return Ok(expr);
    };
    let kind = match text.as_str() {
        ".." => Kind::Open,
        text if text.len() == 10 => moment(text, "date", &expr.at)?,
        text => moment(text, "timestamp", &expr.at)?,
    };
    Expr::new(kind, expr.at)
}
