//! A service is a file: `data/services/<id>.toml`.

use std::path::Path;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::config::{Words, read_toml};
use crate::error::{Error, FileFault, Result};
use crate::layer::Catalogue;

/// Unit of a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    Working,
    Calendar,
}

/// A term and since when it is in force.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    pub days: u32,
    pub unit: Unit,
    pub counted_from: String,
    #[serde(default)]
    pub pausable: bool,
    pub legal_basis: String,
    pub from: Date,
}

/// A document that the service asks for.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    pub code: String,
    pub en: String,
    pub ru: String,
    #[serde(default)]
    pub required: bool,
}

/// A municipal service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The file's name.
    #[serde(skip)]
    pub id: String,
    pub title: Words,
    pub division: String,
    /// Letters of the application numbers, e.g. `EP`.
    pub code: String,
    pub digitised_since: Option<Date>,
    #[serde(default)]
    pub documents: Vec<Document>,
    /// Layers that a site is linked to.
    pub links: Vec<String>,
    #[serde(rename = "term")]
    pub terms: Vec<Term>,
}

impl Service {
    /// The term in force on a day.
    pub fn term_on(&self, date: Date) -> Option<&Term> {
        self.terms.iter().filter(|term| term.from <= date).max_by_key(|term| term.from)
    }
}

/// Every service, by file name.
#[derive(Debug, Clone)]
pub struct Services(Vec<Service>);

impl Services {
    /// Reads the folder; layers, divisions and codes must be known and single.
    ///
    /// # Errors
    /// [`Error::Files`] with every fault.
    pub fn read(dir: &Path, catalogue: &Catalogue) -> Result<Self> {
        let mut services: Vec<Service> = Vec::new();
        let mut faults = Vec::new();
        for file in crate::layer::toml_files(dir)? {
            let mut service: Service = read_toml(&file)?;
            service.id =
                file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_string();
            let mut fault = |detail: String| {
                faults.push(FileFault { file: file.clone(), line: None, detail });
            };
            for link in &service.links {
                match catalogue.layer(link) {
                    None => fault(format!("links: there is no layer {link}")),
                    Some(layer) if layer.linkable.is_none() => {
                        fault(format!("links: the layer {link} is not linkable"));
                    }
                    Some(_) => {}
                }
            }
            if catalogue.division(&service.division).is_none() {
                fault(format!("division {:?} is not known", service.division));
            }
            let letters = service.code.chars().all(|c| c.is_ascii_uppercase());
            if !letters || !(2..=4).contains(&service.code.len()) {
                fault(format!("code {:?} is not two to four capitals", service.code));
            }
            if services.iter().any(|other| other.code == service.code) {
                fault(format!("code {} is taken by another service", service.code));
            }
            if service.terms.is_empty() {
                fault("a service needs a [[term]]".into());
            }
            services.push(service);
        }
        if faults.is_empty() { Ok(Self(services)) } else { Err(Error::Files(faults)) }
    }

    /// Every service.
    pub fn all(&self) -> &[Service] {
        &self.0
    }

    /// A service by its id.
    pub fn get(&self, id: &str) -> Option<&Service> {
        self.0.iter().find(|service| service.id == id)
    }
}
