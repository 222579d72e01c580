//! How anything here can fail, in the words of the person who has to act on it.
//!
//! Each variant is one thing that a caller can do about it. *Not here*: the wire form (RFC 9457) is
//! `http/problem.rs`; the mapping from SQLSTATE is `db/fault.rs`.

use std::path::PathBuf;

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One fault of a submitted document.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Fault {
    /// JSON Pointer (RFC 6901) into the submitted document.
    pub pointer: String,
    /// What is wrong there, with the value.
    pub detail: String,
    /// Place of a geometry's defect: longitude, latitude (CRS84).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Ids of the features of the layer that stand against it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<i64>,
}

impl Fault {
    /// A fault at a pointer.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into(), ..Self::default() }
    }
}

/// One place of the files that an operator keeps (layers, styles, data) that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFault {
    /// The file.
    pub file: PathBuf,
    /// Line, counted from 1, where one is known.
    pub line: Option<usize>,
    /// What is wrong and what to do.
    pub detail: String,
}

impl std::fmt::Display for FileFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.detail)
    }
}

/// Everything that can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 404: it does not exist, or the caller may not know that it does.
    #[error("no such {what}: {name}")]
    NotFound { what: &'static str, name: String },
    /// 400: a parameter of the request has a value that cannot be used.
    #[error("{parameter}: {detail}")]
    Parameter { parameter: String, detail: String },
    /// 400: the body is not the format that it says it is.
    #[error("{detail}")]
    Malformed { detail: String },
    /// 422: the body is well formed but not acceptable; every fault is listed.
    #[error("{}", faults.first().map_or("not acceptable", |f| f.detail.as_str()))]
    Invalid { faults: Vec<Fault> },
    /// 403: the caller is known and may not do this.
    #[error("{0}")]
    Forbidden(String),
    /// 405: the resource does not change this way.
    #[error("{detail}")]
    NotAllowed { allow: &'static str, detail: String },
    /// 409: the request contradicts what is there.
    #[error("{0}")]
    Conflict(String),
    /// 412: the resource has changed since the caller read it.
    #[error("{0}")]
    Stale(String),
    /// 412: members of a change set name versions that are not the present ones.
    #[error("{}", faults.first().map_or("changed meanwhile", |f| f.detail.as_str()))]
    StaleMembers { faults: Vec<Fault> },
    /// 428: a change must say which version it replaces.
    #[error("If-Match is missing: send the ETag of the version that you read")]
    NeedsIfMatch,
    /// 415: the body has a media type that is not taken here.
    #[error("media type {found} is not taken here; send {wanted}")]
    MediaType { found: String, wanted: &'static str },
    /// 413: a limit of `config.rs` was hit.
    #[error("{what} is over the limit of {limit}")]
    TooLarge { what: &'static str, limit: String },
    /// 503: not now; trying again later may help.
    #[error("{0}")]
    Busy(String),
    /// The files or the settings of the operator cannot be used; the start is refused.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Files(Vec<FileFault>),
    /// The operator must do something first; the text says what.
    #[error("{0}")]
    Operator(String),
    /// 500: our fault; the text goes to the log only.
    #[error("{0}")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// 400 naming the parameter.
    pub fn parameter(parameter: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Parameter { parameter: parameter.into(), detail: detail.into() }
    }

    /// 422 with one fault.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Invalid { faults: vec![Fault::new(pointer, detail)] }
    }

    /// 404.
    pub fn not_found(what: &'static str, name: impl ToString) -> Self {
        Self::NotFound { what, name: name.to_string() }
    }

    /// 500; the cause is logged, never sent.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }

    /// A fault of one file.
    pub fn file(file: impl Into<PathBuf>, line: Option<usize>, detail: impl Into<String>) -> Self {
        Self::Files(vec![FileFault { file: file.into(), line, detail: detail.into() }])
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::internal(error)
    }
}
