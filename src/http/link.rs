//! Addresses of questions.

/// The address of a question, without some parameters and with others.
pub fn address(
    path: &str,
    params: &[(String, String)],
    without: &[&str],
    more: &[(&str, &str)],
) -> String {
    let kept = params
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, _)| !without.contains(name));
    let pairs: Vec<String> = kept
        .chain(more.iter().copied())
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    if pairs.is_empty() { path.to_string() } else { format!("{path}?{}", pairs.join("&")) }
}

/// A text as a part of a query.
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => encoded.push(byte as char),
            b'-' | b'.' | b'_' | b'~' | b',' | b':' | b'/' => encoded.push(byte as char),
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
