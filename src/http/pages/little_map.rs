//! A small plan as an inline picture: outlines north up, a scale bar, the subject above its surroundings.

use std::fmt::Write;

use maud::{Markup, html};

use super::words::length;
use crate::feature::Outline;

/// Size of the picture in its own units; about CSS pixels.
const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 360.0;
/// Part of the window that stays free around the subject.
const AIR: f64 = 0.25;

/// Outlines that are drawn alike.
pub struct Sheet<'a> {
    /// What they are: a class of the style sheet.
    pub class: &'static str,
    pub outlines: &'a [Outline],
    /// Address of the items, when each leads to its page.
    pub items: Option<String>,
}

/// West, south, east, north in metres of what a plan around a box shows; at least so many metres high.
pub fn window([west, south, east, north]: [f64; 4], least_m: f64) -> [f64; 4] {
    let (x, y) = ((west + east) / 2.0, (south + north) / 2.0);
    let free = 1.0 + AIR * 2.0;
    let high = ((north - south) * free).max((east - west) * free * HEIGHT / WIDTH).max(least_m);
    let wide = high * WIDTH / HEIGHT;
    [x - wide / 2.0, y - high / 2.0, x + wide / 2.0, y + high / 2.0]
}

/// Metres of a unit of the picture.
pub fn unit_m([west, _, east, _]: [f64; 4]) -> f64 {
    (east - west) / WIDTH
}

/// Box around outlines.
pub fn bounds<'a>(outlines: impl IntoIterator<Item = &'a Outline>) -> Option<[f64; 4]> {
    outlines
        .into_iter()
        .map(Outline::bounds)
        .reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])])
}

/// The plan of a window; the last sheet lies on top.
pub fn plan(label: &str, window: [f64; 4], sheets: &[Sheet<'_>]) -> Markup {
    let (bar_m, bar) = scale(unit_m(window));
    let told = format!("{label}. Север вверху, масштабная линейка {}.", length(bar_m));
    let (right, base) = (12.0 + bar, HEIGHT - 14.0);
    let linked = sheets.iter().any(|sheet| sheet.items.is_some());
    let size = format!("0 0 {WIDTH} {HEIGHT}");
    html! {
        svg.plan viewBox=(size) role=(if linked { "group" } else { "img" }) aria-label=(told) {
            rect.paper width=(WIDTH) height=(HEIGHT) {}
            @for sheet in sheets {
                g class=(sheet.class) {
                    @for outline in sheet.outlines {
                        @let path = path(outline, window);
                        @if !path.is_empty() {
                            @match &sheet.items {
                                Some(items) => {
                                    a href={ (items) "/" (outline.id) } tabindex="-1" {
                                        title { (outline.title) }
                                        (drawn(outline, &path))
                                    }
                                }
                                None => (drawn(outline, &path)),
                            }
                        }
                    }
                }
            }
            g.scale {
                path d={ "M12 " (base - 5.0) "V" (base) "H" (tenths(right)) "V" (base - 5.0) } {}
                text x="12" y=(base - 9.0) { (length(bar_m)) }
            }
            g.north {
                path d={ "M" (WIDTH - 20.0) " 12l6 16l-6 -4l-6 4z" } {}
                text x=(WIDTH - 20.0) y="42" text-anchor="middle" { "С" }
            }
        }
    }
}

fn drawn(outline: &Outline, path: &str) -> Markup {
    html! {
        @if outline.dimension == 2 { path.area d=(path) {} } @else { path.line d=(path) {} }
    }
}

fn tenths(value: f64) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    rounded.to_string()
}

/// Length of the scale bar in metres and in units: 1, 2 or 5 of a decade.
fn scale(unit_m: f64) -> (f64, f64) {
    let most = unit_m * WIDTH / 3.5;
    let decade = 10f64.powf(most.max(1e-3).log10().floor());
    let m = [5.0, 2.0, 1.0].into_iter().find(|n| n * decade <= most).unwrap_or(1.0) * decade;
    (m, m / unit_m)
}

/// The outline as SVG path data; empty when it lies outside or is too small to be seen.
fn path(outline: &Outline, window: [f64; 4]) -> String {
    let [west, _, _, north] = window;
    let unit = unit_m(window);
    let at = |[x, y]: [f64; 2]| {
        [((x - west) / unit * 10.0).round(), ((north - y) / unit * 10.0).round()]
    };
    let mut text = String::new();
    for line in &outline.lines {
        let points: Vec<[f64; 2]> = line.iter().copied().map(at).collect();
        if outline.dimension == 0 {
            for [x, y] in points.iter().filter(|[x, y]| inside(*x, *y)) {
                // A dot: a line of no length with round ends.
                let _ = write!(text, "M{} {}h0", x / 10.0, y / 10.0);
            }
            continue;
        }
        let low = |axis: usize| points.iter().map(|p| p[axis]).fold(f64::MAX, f64::min);
        let high = |axis: usize| points.iter().map(|p| p[axis]).fold(f64::MIN, f64::max);
        let beside =
            high(0) < 0.0 || high(1) < 0.0 || low(0) > WIDTH * 10.0 || low(1) > HEIGHT * 10.0;
        if beside {
            continue;
        }
        let mut last = [f64::MAX; 2];
        for (n, [x, y]) in points.iter().copied().enumerate() {
            if [x, y] == last {
                continue;
            }
            let letter = if n == 0 { 'M' } else { 'L' };
            let _ = write!(text, "{letter}{} {}", x / 10.0, y / 10.0);
            last = [x, y];
        }
        if outline.dimension == 2 {
            text.push('Z');
        }
    }
    text
}

fn inside(x: f64, y: f64) -> bool {
    (0.0..=WIDTH * 10.0).contains(&x) && (0.0..=HEIGHT * 10.0).contains(&y)
}
