//! A form that makes a filtered page of features, without JavaScript.

use maud::{Markup, html};

use super::asked::called;
use super::words::word;
use crate::access::Caller;
use crate::feature::searchable;
use crate::filter::Queryables;
use crate::layer::{Layer, Property, PropertyType};

/// Parameters that no form carries on.
const LEFT: [&str; 5] = ["cursor", "offset", "f", "bom", "lang"];
/// Numbers of rows to choose from.
const ROWS: [i64; 4] = [20, 50, 200, 1_000];

/// The form, with what was asked already filled in.
pub fn form(layer: &Layer, caller: &Caller, params: &[(String, String)]) -> Markup {
    let given = |name: &str| {
        params.iter().find(|(known, _)| known == name).map_or("", |(_, text)| text.as_str())
    };
    let readable = layer.readable(caller);
    let chosen: Vec<&&Property> = readable.iter().filter(|one| has_control(one)).collect();
    let search = searchable(layer, caller);
    let own = |name: &str| {
        matches!(name, "limit" | "sortby")
            || (name == "q" && search)
            || chosen.iter().any(|one| one.name == name)
    };
    let kept = params.iter().filter(|(name, _)| !own(name) && !LEFT.contains(&name.as_str()));
    let queryables = Queryables::of(layer, caller);
    let orders = queryables.iter().filter(|one| one.sortable && one.name != "id");
    html! {
        form.filter action={ "/collections/" (layer.id) "/items" } method="get" {
            @if search {
                label.broad {
                    span { "Слова" }
                    input type="search" name="q" value=(given("q"))
                        placeholder=(placeholder(layer)) autocomplete="off";
                }
            }
            @for property in &chosen { (control(property, given(&property.name))) }
            label {
                span { "Порядок" }
                select name="sortby" {
                    option value="" { "как в базе" }
                    @for one in orders {
                        @let down = format!("-{}", one.name);
                        @let name = called(layer, &one.name);
                        option value=(one.name) selected[given("sortby") == one.name] { (name) }
                        option value=(down) selected[given("sortby") == down] {
                            (name) ", по убыванию"
                        }
                    }
                }
            }
            label {
                span { "Строк" }
                select name="limit" {
                    option value="" { "50 по умолчанию" }
                    @for rows in ROWS {
                        @let text = rows.to_string();
                        option value=(text) selected[given("limit") == text] { (text) }
                    }
                }
            }
            @for (name, value) in kept { input type="hidden" name=(name) value=(value); }
            button type="submit" { "Показать" }
        }
    }
}

fn placeholder(layer: &Layer) -> String {
    let names = layer.find.iter().map(|name| called(layer, name).to_lowercase());
    names.collect::<Vec<_>>().join(", ")
}

/// Whether a value can be chosen or typed exactly.
fn has_control(property: &Property) -> bool {
    property.values.is_some()
        || matches!(property.kind, PropertyType::Boolean | PropertyType::CadastralNumber)
}

fn control(property: &Property, given: &str) -> Markup {
    let label = word(&property.label);
    let option = |code: &str, text: &str| {
        html! { option value=(code) selected[code == given] { (text) } }
    };
    html! {
        label {
            span { (label) }
            @if let Some(values) = &property.values {
                select name=(property.name) {
                    (option("", "любое значение"))
                    @for value in values { (option(&value.code, &value.ru)) }
                }
            } @else if property.kind == PropertyType::Boolean {
                select name=(property.name) {
                    (option("", "не важно"))
                    (option("true", "да"))
                    (option("false", "нет"))
                }
            } @else {
                input type="text" name=(property.name) value=(given) autocomplete="off";
            }
        }
    }
}
