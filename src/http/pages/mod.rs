//! Server-rendered pages: readable without JavaScript, good on paper.
//!
//! Each page is made from what its JSON is made from. *Not here*: what a caller may read (`feature/`,
//! `layer/`), the formats' choice (`door.rs`).

pub mod about;
pub mod api;
pub mod applications;
mod asked;
pub mod collections;
mod form;
pub mod history;
pub mod items;
mod little_map;
pub mod schemas;
mod table;
pub mod tiles;
mod words;

use axum::http::StatusCode;
use axum::response::Html;
use maud::{DOCTYPE, Markup, html};

use super::App;
use super::problem::Told;

pub use applications::{application, applications_table};
pub use words::{area, date, number, shown, title, word};

/// A page of the house: head, bar, the way to it, body, the same in other formats.
pub struct Page<'a> {
    imgis: &'a App,
    title: &'a str,
    called: Option<&'a str>,
    trail: Vec<(String, String)>,
    formats: Vec<(&'static str, String, &'static str)>,
    wide: bool,
}

impl<'a> Page<'a> {
    /// A page by its title.
    pub fn new(imgis: &'a App, title: &'a str) -> Self {
        let trail = vec![("/?f=html".to_string(), "Данные".to_string())];
        Self { imgis, title, called: None, trail, formats: Vec::new(), wide: false }
    }

    /// The first of all pages.
    pub fn first(mut self) -> Self {
        self.trail.clear();
        self
    }

    /// A page above it, from the outermost inwards.
    pub fn under(mut self, href: impl Into<String>, word: impl Into<String>) -> Self {
        self.trail.push((href.into(), word.into()));
        self
    }

    /// Its own name in the way to it, where the title is too long.
    pub fn called(mut self, name: &'a str) -> Self {
        self.called = Some(name);
        self
    }

    /// The same in another format.
    pub fn also(
        mut self,
        media: &'static str,
        href: impl Into<String>,
        word: &'static str,
    ) -> Self {
        self.formats.push((media, href.into(), word));
        self
    }

    /// Broad tables.
    pub fn wide(mut self) -> Self {
        self.wide = true;
        self
    }

    /// The page.
    pub fn html(self, body: Markup) -> Html<String> {
        let city = word(&self.imgis.city.title);
        let text = html! {
            (DOCTYPE)
            html lang="ru" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (self.title) " — ИМГИС " (city) }
                    link rel="stylesheet" href="/page.css";
                    link rel="icon" href="/favicon.svg" type="image/svg+xml";
                    @for (media, href, word) in &self.formats {
                        link rel="alternate" type=(media) href=(href) title=(word);
                    }
                }
                body.page.wide[self.wide] {
                    a.skip href="#content" { "К содержанию" }
                    header.bar {
                        a href="/" { "ИМГИС · " (city) }
                        nav aria-label="Разделы" {
                            a href="/" { "Карта" }
                            a href="/collections" { "Слои" }
                            a href="/api.html" { "API" }
                        }
                    }
                    main #content {
                        nav.trail aria-label="Где вы" {
                            ol {
                                @for (href, word) in &self.trail { li { a href=(href) { (word) } } }
                                li aria-current="page" { (self.called.unwrap_or(self.title)) }
                            }
                        }
                        (body)
                    }
                    @if !self.formats.is_empty() {
                        footer {
                            "Эта страница в других форматах: "
                            @for (at, (media, href, word)) in self.formats.iter().enumerate() {
                                @if at > 0 { " · " }
                                a href=(href) type=(media) { (word) }
                            }
                        }
                    }
                }
            }
        };
        Html(text.into_string())
    }
}

/// A refusal for a person.
pub fn refusal(imgis: &App, status: StatusCode, path: &str, told: &Told) -> String {
    let title = match status.as_u16() {
        400 => "Запрос не понят",
        403 => "Нет прав",
        404 => "Не найдено",
        503 => "Сервер занят",
        500.. => "Ошибка сервера",
        _ => told.title,
    };
    let advice = match status.as_u16() {
        400 => "Проверьте параметры в адресе страницы.",
        403 => {
            "Эти сведения открыты не всем. Войдите под другой учётной записью или обратитесь \
             к администратору."
        }
        404 => "Такой страницы нет, или сведения на ней вам не открыты.",
        503 => "Повторите запрос через несколько секунд.",
        500.. => "Мы записали ошибку в журнал. Сообщите администратору номер запроса.",
        _ => "",
    };
    let layer = path.strip_prefix("/collections/").and_then(|rest| rest.split('/').next());
    let layer = layer.filter(|_| status == StatusCode::BAD_REQUEST);
    let layer = layer.and_then(|id| imgis.catalogue.layer(id)).filter(|layer| {
        // Told to whoever asks: a refusal must not say that a layer is there.
        layer.read == crate::access::Read::Public
    });
    let body = html! {
        h1 { (title) }
        @if let Some(parameter) = told.parameter.as_str() {
            p { "Не подходит параметр " code { (parameter) } "." }
        }
        p { (advice) }
        p.muted lang="en" { (told.detail.as_str().unwrap_or_default()) }
        p.actions {
            @if let Some(layer) = layer {
                a href={ "/collections/" (layer.id) } { "К слою «" (word(&layer.title)) "»" }
            }
            a href="/collections" { "К слоям" }
            a href="/" { "На карту" }
        }
    };
    Page::new(imgis, title).html(body).0
}
