//! SQLSTATE → [`Error`]: the one place where the database's refusals get the words of the caller.

use tokio_postgres::error::{DbError, SqlState};

use crate::error::{Error, Fault};

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(db) = error.as_db_error() else {
            if error.is_closed() {
                return Self::Busy("the connection to the database was lost; try again".into());
            }
            return Self::internal(error);
        };
        match refusal(db) {
            Some(refused) => refused,
            None => Self::internal(error),
        }
    }
}

fn refusal(db: &DbError) -> Option<Error> {
    let invalid = |detail: String| {
        let pointer = db.column().map_or("/properties".into(), |c| format!("/properties/{c}"));
        Error::Invalid { faults: vec![Fault::new(pointer, detail)] }
    };
    let code = db.code();
    if *code == SqlState::UNIQUE_VIOLATION {
        let detail = db.detail().unwrap_or("the value exists already");
        return Some(Error::Conflict(format!("{}: {detail}", db.constraint().unwrap_or("unique"))));
    }
    if *code == SqlState::NOT_NULL_VIOLATION {
        return Some(invalid("a value is required".into()));
    }
    if *code == SqlState::CHECK_VIOLATION {
        let rule = db.constraint().unwrap_or("a check");
        return Some(if rule.ends_with("_geometry_valid") {
            Error::invalid("/geometry", "the geometry is not valid")
        } else {
            invalid(format!("the rule {rule} is not kept"))
        });
    }
    if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
        let detail = "this server reads from a standby of the database, in which nothing is written: \
                      changes are made through a server of the primary";
        return Some(Error::NotAllowed { allow: "GET, HEAD, OPTIONS", detail: detail.into() });
    }
    // A standby ends what stands in the way of its primary's changes.
    if *code == SqlState::T_R_SERIALIZATION_FAILURE {
        return Some(Error::Busy("a change of the database came between; try again".into()));
    }
    if *code == SqlState::QUERY_CANCELED {
        return Some(Error::Busy("the question took too long; ask for less at a time".into()));
    }
    // PostGIS tells of PROJ's refusals by their text only.
    if *code == SqlState::INTERNAL_ERROR && db.message().starts_with("transform: ") {
        let detail = format!("the coordinates cannot be projected: {}", db.message());
        return Some(Error::invalid("/geometry", detail));
    }
    if *code == SqlState::INVALID_TEXT_REPRESENTATION
        || *code == SqlState::INVALID_DATETIME_FORMAT
        || *code == SqlState::DATETIME_FIELD_OVERFLOW
        || *code == SqlState::NUMERIC_VALUE_OUT_OF_RANGE
    {
        return Some(invalid(db.message().to_string()));
    }
    if *code == SqlState::ADMIN_SHUTDOWN || *code == SqlState::CANNOT_CONNECT_NOW {
        return Some(Error::Busy("the database is restarting; try again in a moment".into()));
    }
    None
}

/// Whether the statement was ended by its timeout.
pub fn is_timeout(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&SqlState::QUERY_CANCELED)
}
