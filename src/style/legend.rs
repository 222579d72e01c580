//! The legend of a layer, derived from the style itself: what a match or step expression tells apart
//! becomes an entry with a swatch, so the legend cannot say anything else than the map.
//!
//! `web/src/legend.ts` derives the same for the page; `tests/it/legend.rs` holds the two together.
//! *Not here*: the picture (`swatch.rs`).

use serde::Serialize;
use serde_json::Value as Json;

use super::{Styles, Theme, replace};
use crate::config::Words;
use crate::layer::Layer;

/// What an entry looks like; only what the style says of it is there.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Swatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fill: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fill_opacity: Option<f64>,
    /// An image of the sprite that fills the area.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// In pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<f64>,
    /// In widths of the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dash: Option<Vec<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub circle: Option<String>,
    /// An image of the sprite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// The colour of letters, where the layer draws nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// One row of a legend.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// The values that the row stands for; none for the rest.
    pub codes: Vec<String>,
    /// `None` where the style tells nothing apart: the row is the layer.
    pub label: Option<Words>,
    pub swatch: Swatch,
}

const ZOOM: f64 = 15.0;
const COLOURS: [&str; 4] = ["fill-color", "line-color", "circle-color", "fill-pattern"];
/// A code that no property has.
const OTHER: &str = "\0other";

static NULL: Json = Json::Null;

#[derive(Debug, Clone, PartialEq)]
enum Code {
    None,
    Text(String),
    Number(f64),
}

impl Code {
    fn of(json: &Json) -> Self {
        match json {
            Json::String(text) => Self::Text(text.clone()),
            Json::Number(number) => number.as_f64().map_or(Self::None, Self::Number),
            _ => Self::None,
        }
    }

    fn number(&self) -> f64 {
        match self {
            Self::None => 0.0,
            Self::Text(text) => text.trim().parse().unwrap_or(f64::NAN),
            Self::Number(number) => *number,
        }
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str("null"),
            Self::Text(text) => f.write_str(text),
            Self::Number(f64::NEG_INFINITY) => f.write_str("-Infinity"),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

/// What an expression is evaluated for.
struct Env<'a> {
    property: Option<&'a str>,
    code: &'a Code,
}

const ANY: Env<'static> = Env { property: None, code: &Code::None };

/// What the style tells apart: the values of one property, or its ranges.
struct Key {
    property: String,
    arms: Vec<Vec<Code>>,
    step: bool,
    /// What stands in for a missing value, where it has a step of its own.
    none: Option<Code>,
}

impl Styles {
    /// The legend of a layer, with the words of those properties that `layer` has.
    pub fn legend(&self, theme: Theme, layer: &Layer) -> Vec<Entry> {
        let drawn = self.drawn(theme, &layer.id);
        let mut entries = match find_key(&drawn) {
            Some(key) => by_key(&drawn, layer, &key),
            None => by_codes(&drawn, layer),
        };
        for extra in &drawn {
            let label = &extra["metadata"]["imgis:label"];
            if let Ok(label) = serde_json::from_value::<Words>(label.clone()) {
                let mut swatch = Swatch::default();
                paint(extra, &ANY, &mut swatch);
                entries.push(Entry { codes: Vec::new(), label: Some(label), swatch });
            }
        }
        entries.retain(|entry| entry.swatch != Swatch::default());
        entries
    }

    /// The layers of the style that draw a layer of the catalogue, in the colours of the theme.
    fn drawn(&self, theme: Theme, id: &str) -> Vec<Json> {
        let layers = self.document["layers"].as_array().into_iter().flatten();
        let mut drawn: Vec<Json> =
            layers.filter(|layer| layer["metadata"]["imgis:layer"] == id).cloned().collect();
        for layer in &mut drawn {
            replace(layer, &|text| self.colour(theme, text));
        }
        drawn
    }
}

fn by_key(drawn: &[Json], layer: &Layer, key: &Key) -> Vec<Entry> {
    let property = key.property.as_str();
    let row = |codes: Vec<String>, label: Words, code: &Code| {
        let swatch = swatch_for(drawn, &Env { property: Some(property), code });
        Entry { codes, label: Some(label), swatch }
    };
    let mut entries = Vec::new();
    for (at, arm) in key.arms.iter().enumerate() {
        let first = arm.first().unwrap_or(&Code::None);
        let codes: Vec<String> = arm.iter().map(ToString::to_string).collect();
        let label = match key.step {
            true => step_label(&key.arms, at),
            false => codes_label(layer, property, &codes),
        };
        entries.push(row(codes, label, first));
    }
    let none = drawn.iter().find_map(|layer| {
        serde_json::from_value::<Words>(layer["metadata"]["imgis:none"].clone()).ok()
    });
    if let (Some(code), Some(label)) = (&key.none, none) {
        entries.push(row(Vec::new(), label, code));
    }
    let mut told: Vec<String> = key.arms.iter().flatten().map(ToString::to_string).collect();
    for code in own_codes(drawn) {
        if !told.contains(&code) {
            told.push(code.clone());
            let label = codes_label(layer, property, std::slice::from_ref(&code));
            entries.push(row(vec![code.clone()], label, &Code::Text(code)));
        }
    }
    let values = layer.property(property).and_then(|property| property.values.as_deref());
    if values.unwrap_or_default().iter().any(|value| !told.contains(&value.code)) {
        let other = words("Прочее".into(), "Other".into());
        entries.push(row(Vec::new(), other, &Code::Text(OTHER.into())));
    }
    entries
}

fn by_codes(drawn: &[Json], layer: &Layer) -> Vec<Entry> {
    let own = own_codes(drawn);
    if own.is_empty() {
        return vec![Entry { codes: own, label: None, swatch: swatch_for(drawn, &ANY) }];
    }
    let row = |code: String| {
        let known = layer.properties.iter().find(|property| {
            property.values.as_deref().unwrap_or_default().iter().any(|value| value.code == code)
        });
        let property = known.map_or("", |property| property.name.as_str());
        let label = codes_label(layer, property, std::slice::from_ref(&code));
        let text = Code::Text(code.clone());
        let swatch = swatch_for(drawn, &Env { property: None, code: &text });
        Entry { codes: vec![code], label: Some(label), swatch }
    };
    own.into_iter().map(row).collect()
}

/// The codes that layers of the style say they are for, each once.
fn own_codes(drawn: &[Json]) -> Vec<String> {
    let mut codes: Vec<String> = Vec::new();
    for layer in drawn {
        let own = layer["metadata"]["imgis:codes"].as_array().into_iter().flatten();
        for code in own.filter_map(Json::as_str) {
            if !codes.iter().any(|known| known == code) {
                codes.push(code.into());
            }
        }
    }
    codes
}

fn words(ru: String, en: String) -> Words {
    Words::from([("ru".into(), ru), ("en".into(), en)])
}

fn step_label(arms: &[Vec<Code>], at: usize) -> Words {
    let limit = |at: usize| arms.get(at).and_then(|arm| arm.first());
    match (limit(at).filter(|_| at > 0), limit(at + 1)) {
        (Some(from), Some(to)) => words(format!("от {from} до {to}"), format!("{from} to {to}")),
        (Some(from), None) => words(format!("от {from}"), format!("{from} and more")),
        (None, Some(to)) => words(format!("меньше {to}"), format!("less than {to}")),
        (None, None) => Words::new(),
    }
}

fn codes_label(layer: &Layer, property: &str, codes: &[String]) -> Words {
    let values = layer.property(property).and_then(|property| property.values.as_deref());
    let values = values.unwrap_or_default();
    let spoken = |code: &String, russian: bool| {
        let Some(value) = values.iter().find(|value| value.code == *code) else {
            return code.clone();
        };
        let word = if russian { &value.ru } else { &value.en };
        let internal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        match !code.is_empty() && code.chars().all(internal) {
            true => word.clone(),
            false => format!("{code} — {word}"),
        }
    };
    let all = |russian| {
        let list: Vec<String> = codes.iter().map(|code| spoken(code, russian)).collect();
        list.join(", ")
    };
    words(all(true), all(false))
}

fn swatch_for(drawn: &[Json], env: &Env) -> Swatch {
    let code = env.code.to_string();
    let mut swatch = Swatch::default();
    for layer in drawn {
        let metadata = &layer["metadata"];
        let only = metadata["imgis:codes"].as_array();
        let another = only.is_some_and(|only| !only.iter().any(|own| *own == code.as_str()));
        if !another && metadata["imgis:label"].is_null() {
            paint(layer, env, &mut swatch);
        }
    }
    // Letters are the sign only of a layer that draws nothing else.
    let letters = swatch.text.take();
    if swatch == Swatch::default() {
        swatch.text = letters;
    }
    swatch
}

fn paint(layer: &Json, env: &Env, swatch: &mut Swatch) {
    let value = |name: &str| {
        let painted = Some(&layer["paint"][name]).filter(|painted| !painted.is_null());
        evaluate(painted.unwrap_or(&layer["layout"][name]), env)
    };
    let text = |name: &str| value(name).as_str().map(str::to_string);
    let number = |name: &str| value(name).as_f64().unwrap_or(1.0);
    let id = layer["id"].as_str().unwrap_or_default();
    match layer["type"].as_str().unwrap_or_default() {
        "fill" => match text("fill-pattern") {
            Some(pattern) => swatch.pattern = Some(pattern),
            None => {
                swatch.fill = text("fill-color");
                swatch.fill_opacity = swatch.fill.is_some().then(|| number("fill-opacity"));
            }
        },
        "line" if id.ends_with("-casing") => {}
        "line" if swatch.line.is_some() && swatch.dash.is_none() && id.ends_with("-ties") => {}
        "line" => {
            swatch.line = text("line-color");
            swatch.width = swatch.line.is_some().then(|| number("line-width").clamp(1.0, 4.0));
            if let Some(dash) = value("line-dasharray").as_array() {
                swatch.dash = Some(dash.iter().filter_map(Json::as_f64).collect());
            }
        }
        "circle" => swatch.circle = text("circle-color"),
        "symbol" => match text("icon-image") {
            Some(icon) => swatch.icon = Some(icon),
            None => swatch.text = swatch.text.take().or_else(|| text("text-color")),
        },
        _ => {}
    }
}

fn find_key(drawn: &[Json]) -> Option<Key> {
    // A casing is no sign of its own.
    let own = |layer: &&Json| layer["id"].as_str().is_none_or(|id| !id.ends_with("-casing"));
    let key = |name: &str| drawn.iter().filter(own).find_map(|layer| key_of(&layer["paint"][name]));
    COLOURS.iter().find_map(|name| key(name))
}

fn key_of(expression: &Json) -> Option<Key> {
    let list = expression.as_array()?;
    let name = list.first().and_then(Json::as_str).unwrap_or_default();
    match (name, input_property(at(list, 1))) {
        ("match", Some(property)) => {
            let arms = list.get(2..).unwrap_or_default().chunks_exact(2).map(|pair| arm(&pair[0]));
            Some(Key { property: property.into(), arms: arms.collect(), step: false, none: None })
        }
        ("step", Some(property)) => {
            let limits = list.iter().skip(3).step_by(2).map(|limit| vec![Code::of(limit)]);
            let first = std::iter::once(vec![Code::Number(f64::NEG_INFINITY)]);
            let mut arms: Vec<Vec<Code>> = first.chain(limits).collect();
            let none = absent(at(list, 1)).filter(|none| arms.last() == Some(&vec![none.clone()]));
            if none.is_some() {
                arms.pop();
            }
            Some(Key { property: property.into(), arms, step: true, none })
        }
        _ => list.iter().find_map(key_of),
    }
}

fn arm(labels: &Json) -> Vec<Code> {
    match labels {
        Json::Array(list) => list.iter().map(Code::of).collect(),
        one => vec![Code::of(one)],
    }
}

fn at(list: &[Json], place: usize) -> &Json {
    list.get(place).unwrap_or(&NULL)
}

/// The property that an input reads: `["get", p]`, also inside coalesce or to-string.
fn input_property(expression: &Json) -> Option<&str> {
    let list = expression.as_array()?;
    match list.first()?.as_str()? {
        "get" => at(list, 1).as_str(),
        "coalesce" | "to-string" => input_property(at(list, 1)),
        _ => None,
    }
}

/// What an input reads where the property is missing.
fn absent(input: &Json) -> Option<Code> {
    let list = input.as_array()?;
    (list.first()? == "coalesce").then(|| Code::of(list.last().unwrap_or(&NULL)))
}

/// The value of an expression for one code of one property, at a middle zoom.
fn evaluate<'a>(expression: &'a Json, env: &Env) -> &'a Json {
    let Some(list) = expression.as_array() else {
        return expression;
    };
    let Some(name) = list.first().and_then(Json::as_str) else {
        return expression;
    };
    let last = list.last().unwrap_or(&NULL);
    let from = |place: usize| list.get(place..).unwrap_or_default();
    match name {
        "literal" => at(list, 1),
        "interpolate" => stops(at(list, 2), at(list, 4), from(3), env),
        "step" => stops(at(list, 1), at(list, 2), from(3), env),
        "match" if input_property(at(list, 1)) == env.property => {
            let mut pairs = from(2).chunks_exact(2);
            let told = pairs.find(|pair| arm(&pair[0]).contains(env.code));
            evaluate(told.map_or(last, |pair| &pair[1]), env)
        }
        "match" | "case" | "coalesce" => evaluate(last, env),
        _ => &NULL,
    }
}

fn stops<'a>(input: &Json, first: &'a Json, pairs: &'a [Json], env: &Env) -> &'a Json {
    let value = if input[0] == "zoom" {
        ZOOM
    } else if input_property(input) == env.property {
        env.code.number()
    } else {
        f64::NEG_INFINITY
    };
    let reached = |pair: &&[Json]| pair[0].as_f64().is_some_and(|stop| stop <= value);
    let last = pairs.chunks_exact(2).rfind(reached);
    evaluate(last.map_or(first, |pair| &pair[1]), env)
}
