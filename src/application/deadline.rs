//! Deadlines: a pure function of the event, the term and the calendar, never of the wall clock.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time};
use serde::Serialize;

use super::{Calendar, Term, Unit};

/// Longest count of days that is walked.
const DAYS_MAX: usize = 1_000;
/// What comes later counts as received on the next working day.
const OFFICE_CLOSES: Time = Time::constant(18, 0, 0, 0);

/// A deadline that explains itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Deadline {
    /// `None`: the calendar lacks a year; somebody has to look.
    pub due_on: Option<Date>,
    pub term: TermWords,
    /// The day of the event; counting starts the day after.
    pub from: Date,
    pub counted: Vec<Day>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarm: Option<String>,
}

/// The term as it was in force.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TermWords {
    pub days: u32,
    pub unit: Unit,
    pub counted_from: String,
    pub legal_basis: String,
}

/// One day of the count.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Day {
    pub date: Date,
    pub counts: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
}

fn next(date: Date) -> Date {
    date.checked_add(1.day()).unwrap_or(date)
}

impl Deadline {
    /// Counts a term from the day of its event.
    pub fn count(from: Date, term: &Term, calendar: &Calendar, decree_days_worked: bool) -> Self {
        let words = TermWords {
            days: term.days,
            unit: term.unit,
            counted_from: term.counted_from.clone(),
            legal_basis: term.legal_basis.clone(),
        };
        let mut deadline =
            Self { due_on: None, term: words, from, counted: Vec::new(), alarm: None };
        let mut left = term.days;
        let mut date = from;
        for _ in 0..DAYS_MAX {
            date = next(date);
            let Some((works, why)) = calendar.day(date, decree_days_worked) else {
                deadline.alarm = Some(format!("the calendar lacks {}", date.year()));
                return deadline;
            };
            let counts = match term.unit {
                Unit::Working => works,
                Unit::Calendar => left > 0,
            };
            left = left.saturating_sub(u32::from(counts));
            // A term that ends on a day off ends on the next working day.
            let ends = left == 0 && works;
            deadline.counted.push(Day { date, counts, why });
            if ends {
                deadline.due_on = Some(date);
                return deadline;
            }
        }
        deadline.alarm = Some(format!("the term is longer than {DAYS_MAX} days"));
        deadline
    }
}

/// The day on which something counts as received: after hours or on a day off, the next working day.
pub fn received_on(at: DateTime, calendar: &Calendar) -> Date {
    let mut date = at.date();
    if at.time() >= OFFICE_CLOSES {
        date = next(date);
    }
    for _ in 0..60 {
        match calendar.day(date, false) {
            Some((false, _)) => date = next(date),
            _ => break,
        }
    }
    date
}
