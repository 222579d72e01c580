//! Letters without their marks, the same in SQL and in memory.
//!
//! A mark is taken from Latin letters; `ё` is `е`, but `й` stays another letter than `и`, as in the
//! Russian alphabet.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::char::decompose_canonical;

/// Marked letters, and for each its plain one.
static FOLDED: LazyLock<(String, String)> = LazyLock::new(|| {
    let (mut marked, mut plain) = (String::from("ёЁ"), String::from("еЕ"));
    let blocks = [0xC0..=0x24F, 0x1E00..=0x1EFF];
    for c in blocks.into_iter().flatten().filter_map(char::from_u32) {
        let mut base = None;
        decompose_canonical(c, |part| base = base.or(Some(part)));
        if let Some(base) = base.filter(|base| base.is_ascii_alphabetic() && *base != c) {
            marked.push(c);
            plain.push(base);
        }
    }
    (marked, plain)
});

/// Marked letters and their plain ones, for SQL's `translate`.
pub fn table() -> (&'static str, &'static str) {
    (&FOLDED.0, &FOLDED.1)
}

static PLAIN: LazyLock<HashMap<char, char>> =
    LazyLock::new(|| FOLDED.0.chars().zip(FOLDED.1.chars()).collect());

/// The text with plain letters.
pub fn accents(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii() { c } else { *PLAIN.get(&c).unwrap_or(&c) }).collect()
}
