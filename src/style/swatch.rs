//! The legend as a picture: one row an entry, its swatch, then its words.
//!
//! Signs are drawn as the page draws them (`web/src/components/Swatch.tsx`). The picture stands alone: the
//! sprite sheet is inside, and it wants no style sheet.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};
use serde_json::Value as Json;

use super::{Entry, Styles, Swatch, Theme};
use crate::config::Words;
use crate::error::{Error, Result};
use crate::layer::Layer;

const MARGIN: f64 = 10.0;
const SWATCH: [f64; 2] = [28.0, 18.0];
const WORDS_AT: f64 = MARGIN + SWATCH[0] + 10.0;
const ROW_GAP: f64 = 6.0;
const LINE: f64 = 17.0;
const LINE_CHARS: usize = 46;
/// What a letter of Noto Sans takes at 13 px, with room for the wider fonts that may stand in for it.
const CHAR: f64 = 8.2;
/// Colours that differ by less than this are hard to tell apart.
const ALIKE: u32 = 96;

struct Row<'a> {
    swatch: &'a Swatch,
    words: &'a str,
    lines: Vec<String>,
    y: f64,
}

impl Styles {
    /// The legend of a layer as SVG; `lang` is a language of [`Words`].
    ///
    /// # Errors
    /// 404 naming a sprite that the style wants and its folder lacks.
    pub fn legend_svg(&self, theme: Theme, layer: &Layer, lang: &str) -> Result<String> {
        let entries = self.legend(theme, layer);
        let images: Vec<&str> = entries.iter().flat_map(|entry| images(&entry.swatch)).collect();
        let sheet = if images.is_empty() { None } else { Some(self.sheet(&images)?) };
        let title = said(&layer.title, lang);
        let mut y = MARGIN;
        let rows: Vec<Row> = entries
            .iter()
            .map(|entry| {
                let row = row(entry, title, lang, y);
                y += SWATCH[1].max(LINE * row.lines.len() as f64) + ROW_GAP;
                row
            })
            .collect();
        let height = if rows.is_empty() { 2.0 * MARGIN } else { y - ROW_GAP + MARGIN };
        let longest = rows.iter().flat_map(|row| &row.lines).map(|line| line.chars().count()).max();
        let width = (WORDS_AT + CHAR * longest.unwrap_or_default() as f64 + MARGIN).ceil();
        let (surface, ink) = paper(theme);
        let picture = html! {
            svg xmlns="http://www.w3.org/2000/svg" width=(width) height=(height)
                viewBox={ "0 0 " (width) " " (height) } role="img" xml:lang=(lang)
                font-family="Noto Sans, sans-serif" font-size="13" {
                title { (title) }
                @if let Some(sheet) = &sheet { (sheet.defs()) }
                rect width=(width) height=(height) fill=(surface) {}
                @for row in &rows {
                    g transform={ "translate(" (MARGIN) " " (row.y) ")" } {
                        title { (row.words) }
                        (sign(row.swatch, surface, sheet.as_ref()))
                        text fill=(ink) {
                            @for (at, line) in row.lines.iter().enumerate() {
                                tspan x=(WORDS_AT - MARGIN) y=(13.5 + LINE * at as f64) { (line) }
                            }
                        }
                    }
                }
            }
        };
        Ok(picture.into_string())
    }

    /// The sprite sheet for screens of two pixels a point, with the places of these images.
    fn sheet(&self, names: &[&str]) -> Result<Sheet> {
        let stem = self.document["sprite"].as_str().unwrap_or_default();
        let stem = format!("{}@2x", stem.rsplit('/').next().unwrap_or_default());
        let png = self.sprite(&format!("{stem}.png"))?;
        let index = self.sprite(&format!("{stem}.json"))?;
        let index: Json = serde_json::from_slice(&index).map_err(Error::internal)?;
        let mut cuts: Vec<Cut> = Vec::new();
        for name in names {
            if cuts.iter().all(|cut| cut.name != *name) {
                cuts.push(cut(&index, name).ok_or_else(|| Error::not_found("sprite", name))?);
            }
        }
        let ratio = cuts.first().map_or(1.0, |cut| cut.ratio);
        let [width, height] = size(&png).ok_or_else(|| Error::not_found("sprite", &stem))?;
        let data = format!("data:image/png;base64,{}", STANDARD.encode(png));
        Ok(Sheet { data, width: width / ratio, height: height / ratio, cuts })
    }
}

fn paper(theme: Theme) -> (&'static str, &'static str) {
    match theme {
        Theme::Light | Theme::Print => ("#ffffff", "#1b2226"),
        Theme::Dark => ("#1d2327", "#e6eaec"),
    }
}

fn said<'a>(words: &'a Words, lang: &str) -> &'a str {
    words.get(lang).or_else(|| words.values().next()).map_or("", String::as_str)
}

fn row<'a>(entry: &'a Entry, title: &'a str, lang: &str, y: f64) -> Row<'a> {
    let words = entry.label.as_ref().map_or(title, |label| said(label, lang));
    Row { swatch: &entry.swatch, words, lines: lines(words), y }
}

/// A text in lines that fit the picture; a word alone may stand out.
fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= LINE_CHARS => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.into()),
        }
    }
    lines
}

fn images(swatch: &Swatch) -> impl Iterator<Item = &str> {
    swatch.pattern.iter().chain(&swatch.icon).map(String::as_str)
}

/// Where an image stands on the sheet, in points.
struct Cut {
    name: String,
    ratio: f64,
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

fn cut(index: &Json, name: &str) -> Option<Cut> {
    let image = index.get(name)?;
    let ratio = image["pixelRatio"].as_f64().filter(|ratio| *ratio > 0.0).unwrap_or(1.0);
    let side = |key: &str| image[key].as_f64().map(|side| side / ratio);
    let (x, y, width, height) = (side("x")?, side("y")?, side("width")?, side("height")?);
    Some(Cut { name: name.into(), ratio, x, y, width, height })
}

/// Width and height of a PNG in pixels.
///
/// # Source
/// PNG, third edition, §11.2.1 (IHDR).
fn size(png: &[u8]) -> Option<[f64; 2]> {
    let side = |from: usize| {
        let bytes: [u8; 4] = png.get(from..from + 4)?.try_into().ok()?;
        Some(f64::from(u32::from_be_bytes(bytes)))
    };
    Some([side(16)?, side(20)?])
}

struct Sheet {
    data: String,
    width: f64,
    height: f64,
    cuts: Vec<Cut>,
}

impl Sheet {
    fn defs(&self) -> Markup {
        let middle = SWATCH.map(|side| side / 2.0);
        html! {
            defs {
                image id="sheet" width=(self.width) height=(self.height) href=(self.data) {}
                @for cut in &self.cuts {
                    pattern id=(cut.name) width=(cut.width) height=(cut.height)
                        x=(middle[0] - cut.width / 2.0) y=(middle[1] - cut.height / 2.0)
                        patternUnits="userSpaceOnUse" {
                        use href="#sheet" x=(0.0 - cut.x) y=(0.0 - cut.y) {}
                    }
                }
            }
        }
    }

    fn icon(&self, name: &str) -> Markup {
        html! {
            @for cut in self.cuts.iter().filter(|cut| cut.name == name) {
                svg x="5" width="18" height="18"
                    viewBox={ (cut.x) " " (cut.y) " " (cut.width) " " (cut.height) } {
                    use href="#sheet" {}
                }
            }
        }
    }
}

fn sign(swatch: &Swatch, surface: &str, sheet: Option<&Sheet>) -> Markup {
    if let (Some(icon), Some(sheet)) = (&swatch.icon, sheet) {
        return sheet.icon(icon);
    }
    if let Some(colour) = &swatch.text {
        return html! {
            text x="14" y="13" fill=(colour) font-size="11" font-weight="500" text-anchor="middle" {
                "12а"
            }
        };
    }
    if let Some(colour) = &swatch.circle {
        return html! { circle cx="14" cy="9" r="5" fill=(colour) {} };
    }
    match swatch.fill.is_some() || swatch.pattern.is_some() {
        true => area(swatch),
        false => line(swatch, surface),
    }
}

fn dashes(swatch: &Swatch, width: f64) -> Option<String> {
    let dash = swatch.dash.as_ref()?;
    let parts: Vec<String> = dash.iter().map(|part| (part * width).to_string()).collect();
    Some(parts.join(" "))
}

fn area(swatch: &Swatch) -> Markup {
    let width = swatch.width.unwrap_or(1.0).min(2.0);
    let least = if swatch.pattern.is_some() { 0.0 } else { 0.25 };
    let edge = swatch.line.as_deref();
    let place = |fill: &str, opacity: f64| {
        html! {
            rect x="1" y="1" width="26" height="16" rx="2" fill=(fill) fill-opacity=(opacity) {}
        }
    };
    html! {
        @if let Some(fill) = &swatch.fill {
            (place(fill, swatch.fill_opacity.unwrap_or(1.0).max(least)))
        }
        @if let Some(pattern) = &swatch.pattern { (place(&format!("url(#{pattern})"), 1.0)) }
        rect x="1" y="1" width="26" height="16" rx="2" fill="none" stroke=(edge.unwrap_or("#808080"))
            stroke-width=(if edge.is_some() { width } else { 1.0 })
            stroke-opacity=(if edge.is_some() { 1.0 } else { 0.45 })
            stroke-dasharray=[edge.and_then(|_| dashes(swatch, width))] {}
    }
}

/// A line; one that would not show on the paper gets an edge.
fn line(swatch: &Swatch, surface: &str) -> Markup {
    let Some(colour) = &swatch.line else {
        return Markup::default();
    };
    let width = swatch.width.unwrap_or(1.0);
    html! {
        @if alike(colour, surface) {
            path d="M1 9h26" stroke="#808080" stroke-opacity="0.7" stroke-width=(width + 1.5) {}
        }
        path d="M1 9h26" stroke=(colour) stroke-width=(width) stroke-dasharray=[dashes(swatch, width)] {}
    }
}

fn alike(one: &str, other: &str) -> bool {
    let channels = |colour: &str| {
        let number = u32::from_str_radix(colour.strip_prefix('#')?, 16).ok()?;
        Some([number >> 16 & 255, number >> 8 & 255, number & 255])
    };
    let (Some(one), Some(other)) = (channels(one), channels(other)) else {
        return false;
    };
    one.iter().zip(other).map(|(one, other)| one.abs_diff(other)).sum::<u32>() < ALIKE
}
