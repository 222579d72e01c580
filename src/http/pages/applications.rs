//! Applications for staff: a table of them, one of them.

use axum::response::Html;
use maud::{Markup, html};
use serde_json::Value;

use super::super::App;
use super::Page;
use super::words::{area, date, number, shown, word};
use crate::application;

/// Title of the service and word of the status of an application.
fn named(imgis: &App, one: &Value) -> (String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let service = imgis.office.services.get(one["service"].as_str().unwrap_or_default());
    let service = service.map_or(text(&one["service"]), |service| word(&service.title).into());
    let status = application::site_layer(&imgis.catalogue)
        .and_then(|layer| layer.property("status"))
        .map_or(text(&one["status"]), |property| shown(property, &one["status"]));
    (service, status)
}

/// Applications, one a row.
pub fn applications_table(imgis: &App, applications: &[Value]) -> Markup {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    html! {
        div.table {
            table {
                thead { tr {
                    th scope="col" { "Номер" } th scope="col" { "Услуга" }
                    th scope="col" { "Статус" } th scope="col" { "Поступило" }
                    th scope="col" { "Срок" }
                } }
                tbody {
                    @for one in applications {
                        @let number = text(&one["number"]);
                        @let (service, status) = named(imgis, one);
                        tr {
                            th scope="row" { a href={ "/applications/" (number) } { (number) } }
                            td { (service) }
                            td { span.badge { (status) } }
                            td { (date(&text(&one["received_on"]))) }
                            td { (date(&text(&one["due_on"]))) }
                        }
                    }
                }
            }
        }
    }
}

/// One application for staff.
pub fn application(imgis: &App, one: &Value) -> Html<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let number_text = text(&one["number"]);
    let (service, status) = named(imgis, one);
    let due = one["due_on"].as_str().map_or("не определён".to_string(), date);
    let links = one["links"].as_array().cloned().unwrap_or_default();
    let body = html! {
        h1 { "Заявление " (number_text) }
        p.actions { a href={ "/?q=" (number_text) } { "Показать на карте" } }
        section {
            h2 { "Сведения" }
            dl {
                div { dt { "Услуга" } dd { (service) } }
                div { dt { "Статус" } dd { span.badge { (status) } } }
                div { dt { "Заявитель" } dd { (text(&one["applicant"]["name"])) } }
                @if let Some(subject) = one["subject"].as_str() {
                    div { dt { "Предмет" } dd { (subject) } }
                }
                div { dt { "Поступило" } dd { (date(&text(&one["received_on"]))) } }
                div { dt { "Контрольный срок" } dd { (due) } }
                div { dt { "Площадь" } dd {
                    (area(one["site"]["area_m2"].as_f64().unwrap_or_default()))
                } }
            }
        }
        section {
            h2 { "Связи с объектами" }
            div.table { table {
                thead { tr {
                    th scope="col" { "Слой" } th scope="col" { "Объект" }
                    th.number scope="col" { "Площадь" } th.number scope="col" { "Доля" }
                } }
                tbody {
                    @for link in &links {
                        @let id = text(&link["layer"]);
                        @let layer = imgis.catalogue.layer(&id);
                        tr {
                            td { (layer.map_or(id.clone(), |layer| word(&layer.title).into())) }
                            th scope="row" { (link["title"].as_str().unwrap_or("—")) }
                            td.number {
                                @if let Some(m2) = link["overlap_m2"].as_f64() { (area(m2)) }
                            }
                            td.number {
                                @if let Some(share) = link["share"].as_f64() {
                                    (number(share * 100.0, 1)) "\u{a0}%"
                                }
                            }
                        }
                    }
                }
            } }
        }
    };
    Page::new(imgis, &format!("Заявление {number_text}")).html(body)
}
