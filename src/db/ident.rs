//! Identifiers and literals that go into the text of a statement.
//!
//! Values of a request are always `$n`. What is written into SQL comes from a layer file only, through
//! [`Ident`].

/// A quoted SQL identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ident(String);

impl Ident {
    /// Whether `name` matches `[a-z][a-z0-9_]{0,62}`, the rule for layers and properties.
    pub fn plain(name: &str) -> bool {
        name.len() <= 63
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    }

    /// Quotes any name.
    pub fn new(name: &str) -> Self {
        Self(format!("\"{}\"", name.replace('"', "\"\"").replace('\0', "")))
    }

    /// Quotes `schema.table`.
    pub fn qualified(name: &str) -> Self {
        let parts: Vec<String> = name.split('.').map(|part| Self::new(part).0).collect();
        Self(parts.join("."))
    }
}

impl std::fmt::Display for Ident {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A quoted SQL string literal, for names of a layer file inside trigger functions.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''").replace('\0', ""))
}
