//! The production calendar: which days are worked. A year that it lacks is never "plain weekends".

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::civil::{Date, Weekday};

use crate::error::{Error, Result};

/// How a day differs from the plain week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayKind {
    /// A holiday or a day off that was moved here.
    Off,
    /// A day off by decree; some rules count it as worked.
    DecreeOff,
    /// Worked, an hour shorter.
    Short,
    /// A weekend day that is worked.
    Work,
}

/// A calendar: the days that differ, and the years that it covers.
#[derive(Debug, Clone, Default)]
pub struct Calendar {
    days: BTreeMap<Date, (DayKind, String)>,
    years: BTreeSet<i16>,
}

impl Calendar {
    /// Reads `date,kind,note`.
    ///
    /// # Errors
    /// [`Error::Files`] with the line.
    pub fn read(file: &Path) -> Result<Self> {
        let mut reader = csv::Reader::from_path(file)
            .map_err(|error| Error::file(file, None, format!("cannot be read: {error}")))?;
        let mut calendar = Self::default();
        for record in reader.records() {
            let record = record.map_err(|error| Error::file(file, None, error.to_string()))?;
            let line = record.position().map(|position| position.line() as usize);
            let fault = |detail: String| Error::file(file, line, detail);
            let day = record.get(0).unwrap_or_default();
            let date: Date = day.parse().map_err(|_| fault(format!("{day:?} is not a date")))?;
            let kind = match record.get(1).unwrap_or_default() {
                "off" => DayKind::Off,
                "decree_off" => DayKind::DecreeOff,
                "short" => DayKind::Short,
                "work" => DayKind::Work,
                other => {
                    return Err(fault(format!("{other:?} is not off, decree_off, short, work")));
                }
            };
            calendar.years.insert(date.year());
            calendar.days.insert(date, (kind, record.get(2).unwrap_or_default().to_string()));
        }
        Ok(calendar)
    }

    /// Whether the day is worked, and why not; `None` when the calendar lacks the year.
    pub fn day(&self, date: Date, decree_days_worked: bool) -> Option<(bool, String)> {
        if !self.years.contains(&date.year()) {
            return None;
        }
        let weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
        Some(match self.days.get(&date) {
            Some((DayKind::Off, note)) => (false, note.clone()),
            Some((DayKind::DecreeOff, note)) => (decree_days_worked && !weekend, note.clone()),
            Some((DayKind::Short | DayKind::Work, note)) => (true, note.clone()),
            None if weekend => (false, "выходной".into()),
            None => (true, String::new()),
        })
    }

    /// Working days of a year; `None` when the calendar lacks it.
    pub fn working_days(&self, year: i16) -> Option<usize> {
        let first = Date::new(year, 1, 1).ok()?;
        let mut count = 0;
        for date in first.series(jiff::Span::new().days(1)).take_while(|date| date.year() == year) {
            count += usize::from(self.day(date, false)?.0);
        }
        Some(count)
    }
}
