//! Words, texts, numbers and signs of CQL2 text, with their places.

use super::{Fault, Faulty};

/// A piece of the text.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    /// A name or a keyword.
    Word(String),
    /// A name in double quotes.
    Quoted(String),
    Text(String),
    Integer(i64),
    Number(f64),
    Sign(&'static str),
    End,
}

impl Token {
    /// The piece as an error tells of it.
    pub fn told(&self) -> String {
        match self {
            Self::Word(word) => word.clone(),
            Self::Quoted(name) => format!("\"{name}\""),
            Self::Text(text) => format!("'{text}'"),
            Self::Integer(number) => number.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Sign(sign) => (*sign).to_string(),
            Self::End => "the end".into(),
        }
    }
}

const SIGNS: [&str; 17] =
    ["<>", "<=", ">=", "<", ">", "=", "(", ")", "[", "]", ",", "+", "-", "*", "/", "%", "^"];

/// The place of a byte.
pub fn place(byte: usize) -> String {
    format!("byte {byte}")
}

/// Takes a text apart; the last token is the end.
pub fn tokens(text: &str) -> Faulty<Vec<(Token, usize)>> {
    let mut list = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let (token, length) = if c == '\'' {
            let (text, length) = quoted(rest, '\'', at)?;
            (Token::Text(text), length)
        } else if c == '"' {
            let (text, length) = quoted(rest, '"', at)?;
            (Token::Quoted(text), length)
        } else if c.is_ascii_digit() || (c == '.' && rest[1..].starts_with(digit)) {
            number(rest, at)?
        } else if is_start(c) {
            let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            (Token::Word(rest[..length].to_string()), length)
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            (Token::Sign(sign), sign.len())
        } else {
            return Err(Fault::new(place(at), format!("{c:?} begins nothing that CQL2 knows")));
        };
        list.push((token, at));
        at += length;
    }
    list.push((Token::End, at));
    Ok(list)
}

fn digit(c: char) -> bool {
    c.is_ascii_digit()
}

fn is_start(c: char) -> bool {
    c == ':' || c == '_' || c.is_alphabetic()
}

fn is_part(c: char) -> bool {
    is_start(c) || c == '.' || c.is_numeric() || ('\u{300}'..='\u{36f}').contains(&c)
}

/// A text in quotes; a quote within is doubled, or follows a backslash.
fn quoted(rest: &str, quote: char, at: usize) -> Faulty<(String, usize)> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((index, c)) = chars.next() {
        if c == quote {
            if chars.peek().is_some_and(|(_, next)| *next == quote) {
                text.push(quote);
                chars.next();
                continue;
            }
            return Ok((text, index + c.len_utf8()));
        }
        if c == '\\' && chars.peek().is_some_and(|(_, next)| *next == quote) {
            text.push(quote);
            chars.next();
            continue;
        }
        if c == '\0' {
            return Err(Fault::new(place(at + index), "the character U+0000 is in no text"));
        }
        text.push(c);
    }
    Err(Fault::new(place(at), format!("the quote {quote} is not closed")))
}

fn number(rest: &str, at: usize) -> Faulty<(Token, usize)> {
    let bytes = rest.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut length = digits(0);
    let mut whole = true;
    if bytes.get(length) == Some(&b'.') {
        whole = false;
        length += 1;
        length += digits(length);
    }
    if matches!(bytes.get(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
        let more = digits((length + 1 + sign).min(bytes.len()));
        if more > 0 {
            whole = false;
            length += 1 + sign + more;
        }
    }
    let text = &rest[..length];
    if rest[length..].starts_with(is_part) {
        return Err(Fault::new(place(at), format!("{text} runs into a name")));
    }
    if let (true, Ok(number)) = (whole, text.parse()) {
        return Ok((Token::Integer(number), length));
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((Token::Number(number), length)),
        _ => Err(Fault::new(place(at), format!("{text} is not a number that can be kept"))),
    }
}
