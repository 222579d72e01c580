//! Applications: what arrived, the case made of it, its land, what that land touches, and the term.
//!
//! Never draws a tile. *Not here yet*: checks, reviews, decisions, portal and e-mail.

mod calendar;
mod deadline;
mod intake;
mod service;
pub mod sql;
mod submit;

use std::sync::Arc;

pub use calendar::{Calendar, DayKind};
pub use deadline::{Deadline, received_on};
pub use intake::{Arrival, Kept};
pub use service::{Service, Services, Term, Unit};
pub use submit::{Submitted, submit};

use crate::access::{Caller, Role};
use crate::config::City;
use crate::error::{Error, Result};
use crate::layer::{Catalogue, Derived, Layer};

/// What the room needs of the municipality: services, calendar, and the layers that it writes or links.
#[derive(Debug, Clone)]
pub struct Office {
    pub services: Services,
    pub calendar: Calendar,
}

impl Office {
    /// Reads services and calendar.
    ///
    /// # Errors
    /// [`Error::Files`].
    pub fn read(city: &City, catalogue: &Catalogue) -> Result<Self> {
        let services = Services::read(&city.data_file("services"), catalogue)?;
        let calendar = Calendar::read(&city.data_file(&city.calendar))?;
        Ok(Self { services, calendar })
    }
}

/// The staff layer of sites, where the municipality has one.
pub fn site_layer(catalogue: &Catalogue) -> Option<&Arc<Layer>> {
    catalogue
        .layers()
        .iter()
        .find(|layer| layer.derived == Some(Derived::Application) && layer.id == "application_site")
}

/// Who may see cases.
///
/// # Errors
/// 403.
pub fn may_see(caller: &Caller) -> Result<()> {
    let roles =
        [Role::Clerk, Role::Executor, Role::Reviewer, Role::Head, Role::Auditor, Role::Admin];
    if caller.has_any(&roles) {
        return Ok(());
    }
    Err(Error::Forbidden("applications are seen by the staff that works on them".into()))
}

/// Who may register what arrived.
fn may_register(caller: &Caller) -> Result<()> {
    if caller.has_any(&[Role::Clerk, Role::Executor]) {
        return Ok(());
    }
    Err(Error::Forbidden("registering applications is the clerk's right".into()))
}
