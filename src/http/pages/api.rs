//! The OpenAPI document as a page: every operation by its path, without a script.

use axum::response::Html;
use maud::{Markup, html};
use serde_json::{Map, Value};

use super::{App, Page};

/// Methods in the order in which they are told.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The page of an OpenAPI 3.0 document.
pub fn page(imgis: &App, document: &Value) -> Html<String> {
    let none = Map::new();
    let paths = document["paths"].as_object().unwrap_or(&none);
    let groups = groups(document, paths);
    let version = document["info"]["version"].as_str().unwrap_or_default();
    let body = html! {
        h1 { "Описание API" }
        p.lead { "Все запросы этого сервера, версия " (version) ". Для программ — документ "
                 a href="/api?f=json" { "OpenAPI 3.0" } "." }
        nav.toc aria-label="Содержание" {
            ul {
                @for group in &groups {
                    li { a href={ "#" (anchor(&group.name)) } { (group.word) }
                         " " span.muted { (group.paths.len()) } }
                }
                li { a href="#parameters" { "Общие параметры" } }
                @if document["components"]["schemas"].is_object() {
                    li { a href="#schemas" { "Схемы" } }
                }
            }
        }
        @for group in &groups {
            section id=(anchor(&group.name)) {
                h2 { (group.word) }
                @if let Some(text) = &group.description { p.muted lang="en" { (text) } }
                @for (place, paths) in clusters(&group.paths) {
                    @if paths.len() > 1 {
                        details.cluster {
                            summary { (named(imgis, place)) " "
                                      span.muted { (paths.len()) } }
                            @for (path, item) in paths { (operations(document, path, item)) }
                        }
                    } @else {
                        @for (path, item) in paths { (operations(document, path, item)) }
                    }
                }
            }
        }
        (shared(document))
        (schemas(document))
    };
    Page::new(imgis, "Описание API")
        .also("application/vnd.oai.openapi+json;version=3.0", "/api?f=json", "OpenAPI 3.0")
        .html(body)
}

/// Paths that are told together.
struct Group<'a> {
    name: String,
    word: String,
    description: Option<String>,
    paths: Vec<Place<'a>>,
}

/// Groups by the first tag of a path's first operation; without tags by the path's first part.
fn groups<'a>(document: &Value, paths: &'a Map<String, Value>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for (path, item) in paths {
        let tag = METHODS.iter().find_map(|method| item[method]["tags"][0].as_str());
        let first = path.trim_matches('/').split('/').next().unwrap_or_default();
        let name = tag.unwrap_or(if first.is_empty() { "api" } else { first }).to_string();
        match groups.iter_mut().find(|group| group.name == name) {
            Some(group) => group.paths.push((path, item)),
            None => {
                let tags = document["tags"].as_array().into_iter().flatten();
                let described = tags.clone().find(|tag| tag["name"] == name.as_str());
                let description = described.and_then(|tag| tag["description"].as_str());
                let description = description.map(str::to_string);
                let word = in_russian(&name).to_string();
                groups.push(Group { name, word, description, paths: vec![(path, item)] });
            }
        }
    }
    groups
}

/// A path and what is there.
type Place<'a> = (&'a str, &'a Value);

/// Neighbouring paths of one layer together, by its id.
fn clusters<'a, 'b>(paths: &'b [Place<'a>]) -> Vec<(&'a str, &'b [Place<'a>])> {
    let place = |(path, _): &Place<'a>| {
        let rest = path.strip_prefix("/collections/");
        rest.and_then(|rest| rest.split('/').next()).unwrap_or(path)
    };
    let same = |a: &Place<'a>, b: &Place<'a>| place(a) == place(b);
    paths.chunk_by(same).filter_map(|all| Some((place(all.first()?), all))).collect()
}

/// A layer by its title.
fn named(imgis: &App, id: &str) -> Markup {
    let layer = imgis.catalogue.layer(id);
    html! { (layer.map_or(id, |layer| super::word(&layer.title))) " " code { (id) } }
}

fn in_russian(name: &str) -> &str {
    match name {
        "Features" | "collections" => "Слои и объекты",
        "Editing" => "Правка",
        "Tiles" | "tiles" => "Тайлы",
        "tileMatrixSets" => "Сетки тайлов",
        "Map" => "Карта",
        "Questions" => "Вопросы о территории",
        "Applications" => "Заявления и участки",
        "Server" | "api" => "Сервер",
        "conformance" => "Соответствие стандартам",
        other => other,
    }
}

fn anchor(name: &str) -> String {
    let plain = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
    format!("group-{}", plain.collect::<String>().to_lowercase())
}

/// What a reference stands for.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let pointer = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(value)
}

/// The last part of a reference.
fn referred(value: &Value) -> Option<&str> {
    value["$ref"].as_str().and_then(|reference| reference.rsplit('/').next())
}

fn operations(document: &Value, path: &str, item: &Value) -> Markup {
    let common = item["parameters"].as_array().into_iter().flatten();
    html! {
        @for method in METHODS {
            @let operation = &item[method];
            @if operation.is_object() {
                @let own = operation["parameters"].as_array().into_iter().flatten();
                @let all: Vec<&Value> = common.clone().chain(own).collect();
                @let id = operation["operationId"].as_str().unwrap_or(path);
                details.operation id=(id) {
                    summary {
                        span class={ "method " (method) } { (method.to_uppercase()) }
                        " " code { (path) }
                        " " span.muted lang="en" { (text(operation, "summary")) }
                    }
                    @if let Some(description) = operation["description"].as_str() {
                        p lang="en" { (description) }
                    }
                    (parameters(document, &all))
                    (content("Тело запроса", &operation["requestBody"]["content"]))
                    (responses(document, &operation["responses"]))
                }
            }
        }
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// Parameters of one operation: shared ones by name, its own in a table.
fn parameters(document: &Value, all: &[&Value]) -> Markup {
    let (shared, own): (Vec<&Value>, Vec<&Value>) =
        all.iter().copied().partition(|one| referred(one).is_some());
    html! {
        @if !shared.is_empty() {
            p { "Общие параметры: " @for (at, one) in shared.iter().enumerate() {
                @if at > 0 { ", " }
                @let name = referred(one).unwrap_or_default();
                a href={ "#parameter-" (name) } { code { (text(resolved(document, one), "name")) } }
            } }
        }
        @if !own.is_empty() { (table(&own, None)) }
    }
}

/// A table of parameters; `anchors`: names under which others refer to them.
fn table(all: &[&Value], anchors: Option<&[&str]>) -> Markup {
    html! {
        div.table tabindex="0" role="region" aria-label="Параметры" { table {
            thead { tr {
                th scope="col" { "Параметр" } th scope="col" { "Где" } th scope="col" { "Вид" }
                th scope="col" { "Описание" }
            } }
            tbody { @for (at, one) in all.iter().enumerate() {
                @let id = anchors.map(|names| format!("parameter-{}", names[at]));
                tr id=[id] {
                    th scope="row" {
                        code { (text(one, "name")) }
                        @if one["required"] == true { " " span.badge { "обязателен" } }
                    }
                    td { (place(text(one, "in"))) }
                    td { (kind(&one["schema"])) }
                    td lang="en" { (text(one, "description")) }
                }
            } }
        } }
    }
}

fn place(word: &str) -> &str {
    match word {
        "path" => "путь",
        "query" => "запрос",
        "header" => "заголовок",
        other => other,
    }
}

/// A schema in a few words.
fn kind(schema: &Value) -> Markup {
    if let Some(name) = referred(schema) {
        return html! { a href={ "#schema-" (name) } { code { (name) } } };
    }
    let bounds = [("minimum", "≥"), ("maximum", "≤"), ("default", "обычно")];
    let many = ["oneOf", "anyOf", "allOf"].iter().find_map(|name| schema[name].as_array());
    html! {
        @if let Some(parts) = many {
            @for (at, part) in parts.iter().enumerate() {
                @if at > 0 { " · " }
                (kind(part))
            }
        } @else if schema["type"] == "array" {
            "список: " (kind(&schema["items"]))
        } @else {
            (type_word(text(schema, "type")))
        }
        @if let Some(format) = schema["format"].as_str() { " (" (format) ")" }
        @for (name, sign) in bounds {
            @if !schema[name].is_null() && !schema[name].is_object() {
                ", " (sign) " " (plain(&schema[name]))
            }
        }
        @if let Some(values) = schema["enum"].as_array() {
            ": " @for (at, value) in values.iter().take(12).enumerate() {
                @if at > 0 { ", " }
                code { (plain(value)) }
            }
            @if values.len() > 12 { " и ещё " (values.len() - 12) }
        }
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

fn type_word(name: &str) -> &str {
    match name {
        "string" => "текст",
        "integer" => "целое число",
        "number" => "число",
        "boolean" => "true или false",
        "object" => "объект",
        other => other,
    }
}

/// Media types with their schemas.
fn content(heading: &str, content: &Value) -> Markup {
    html! {
        @if let Some(types) = content.as_object() {
            p { (heading) ": " @for (at, (media, one)) in types.iter().enumerate() {
                @if at > 0 { "; " }
                code { (media) } " — " (kind(&one["schema"]))
            } }
        }
    }
}

fn responses(document: &Value, responses: &Value) -> Markup {
    html! {
        @if let Some(all) = responses.as_object() {
            div.table { table {
                thead { tr {
                    th scope="col" { "Ответ" } th scope="col" { "Когда" } th scope="col" { "Что" }
                } }
                tbody { @for (status, one) in all {
                    @let one = resolved(document, one);
                    tr {
                        th scope="row" { @if status == "default" { "иначе" } @else { (status) } }
                        td lang="en" { (text(one, "description")) }
                        td {
                            @for (at, (media, one)) in
                                one["content"].as_object().into_iter().flatten().enumerate() {
                                @if at > 0 { br; }
                                code { (media) } " " (kind(&one["schema"]))
                            }
                        }
                    }
                } }
            } }
        }
    }
}

/// Parameters that operations refer to.
fn shared(document: &Value) -> Markup {
    let all = document["components"]["parameters"].as_object();
    let (names, values): (Vec<&str>, Vec<&Value>) =
        all.into_iter().flatten().map(|(name, value)| (name.as_str(), value)).unzip();
    html! {
        @if !names.is_empty() {
            section id="parameters" {
                h2 { "Общие параметры" }
                (table(&values, Some(&names)))
            }
        }
    }
}

/// Schemas that operations refer to.
fn schemas(document: &Value) -> Markup {
    html! {
        @if let Some(all) = document["components"]["schemas"].as_object() {
            section id="schemas" {
                h2 { "Схемы" }
                @for (name, schema) in all {
                    details.operation id={ "schema-" (name) } {
                        summary { code { (name) } " "
                                  span.muted lang="en" { (text(schema, "description")) } }
                        @match schema["properties"].as_object() {
                            Some(properties) => (fields(properties)),
                            None => p { (kind(schema)) },
                        }
                    }
                }
            }
        }
    }
}

fn fields(properties: &Map<String, Value>) -> Markup {
    html! {
        div.table tabindex="0" role="region" aria-label="Поля" { table {
            thead { tr {
                th scope="col" { "Поле" } th scope="col" { "Вид" } th scope="col" { "Описание" }
            } }
            tbody { @for (name, schema) in properties {
                tr {
                    th scope="row" { code { (name) } }
                    td { (kind(schema)) }
                    td lang="en" {
                        (schema["description"].as_str().unwrap_or_else(|| text(schema, "title")))
                    }
                }
            } }
        } }
    }
}
