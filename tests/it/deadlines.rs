//! Terms by the calendar.

use imgis::application::{Calendar, Deadline, Term, Unit, received_on};
use jiff::civil::{Date, date, datetime};

use crate::office::root;

fn federal() -> Calendar {
    Calendar::read(&root().join("data/calendar/ru.csv")).expect("the calendar")
}

fn due(from: Date, days: u32, decree_days_worked: bool) -> Option<Date> {
    let term = Term {
        days,
        unit: Unit::Working,
        counted_from: "received_on".into(),
        pausable: false,
        legal_basis: String::new(),
        from: date(2000, 1, 1),
    };
    Deadline::count(from, &term, &federal(), decree_days_worked).due_on
}

#[test]
fn working_days_are_counted_from_the_day_after_the_event() {
    assert_eq!(due(date(2020, 12, 28), 7, false), Some(date(2021, 1, 14)));
    assert_eq!(due(date(2021, 2, 17), 14, false), Some(date(2021, 3, 11)));
    assert_eq!(due(date(2021, 2, 17), 5, false), Some(date(2021, 2, 25)));
    assert_eq!(due(date(2020, 6, 8), 7, false), Some(date(2020, 6, 18)));
    assert_eq!(due(date(2020, 3, 23), 14, false), Some(date(2020, 5, 25)));
    assert_eq!(due(date(2020, 3, 23), 14, true), Some(date(2020, 4, 10)));
}

#[test]
fn the_years_have_their_known_numbers_of_working_days() {
    let calendar = federal();
    let known = [
        (2019, 247),
        (2020, 219),
        (2021, 240),
        (2022, 247),
        (2023, 247),
        (2024, 248),
        (2025, 247),
        (2026, 247),
    ];
    for (year, days) in known {
        assert_eq!(calendar.working_days(year), Some(days), "{year}");
    }
}

#[test]
fn a_year_that_the_calendar_lacks_is_never_plain_weekends() {
    assert_eq!(due(date(2026, 12, 30), 7, false), None);
    assert_eq!(federal().working_days(2031), None);
}

#[test]
fn what_comes_after_hours_or_on_a_day_off_counts_from_the_next_working_day() {
    let calendar = federal();
    let day = |at| received_on(at, &calendar);
    assert_eq!(day(datetime(2026, 11, 24, 17, 59, 59, 0)), date(2026, 11, 24));
    assert_eq!(day(datetime(2026, 11, 24, 18, 0, 0, 0)), date(2026, 11, 25));
    assert_eq!(day(datetime(2026, 11, 27, 18, 0, 0, 0)), date(2026, 11, 30));
    assert_eq!(day(datetime(2026, 11, 4, 12, 0, 0, 0)), date(2026, 11, 5));
}
