//! Cadastral numbers: any spelling in, one spelling inside.

use crate::config::CadastralRule;

/// A cadastral number in its canonical spelling, e.g. `16:50:010101:12`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CadastralNumber(String);

impl CadastralNumber {
    /// Reads a number as people write it: spaces dropped, `_`, `/` and long runs of `:` taken as one `:`,
    /// missing leading zeros of the leading groups supplied. `None`: not a number of this municipality.
    pub fn parse(text: &str, rule: &CadastralRule) -> Option<Self> {
        if text.len() > 64 {
            return None;
        }
        let plain = text.trim();
        if rule.pad.is_empty() {
            return rule.pattern.is_match(plain).then(|| Self(plain.to_string()));
        }
        let groups: Vec<&str> =
            plain.split([':', '_', '/', ' ', '\u{a0}']).filter(|group| !group.is_empty()).collect();
        let canonical = groups
            .iter()
            .enumerate()
            .map(|(at, group)| match rule.pad.get(at) {
                Some(&width) => format!("{group:0>width$}"),
                None => group.trim_start_matches('0').to_string(),
            })
            .collect::<Vec<_>>()
            .join(":");
        rule.pattern.is_match(&canonical).then_some(Self(canonical))
    }

    /// The canonical spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for CadastralNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
