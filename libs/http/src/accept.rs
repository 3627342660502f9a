use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

/// The header `Accept` (RFC 9110, 12.5.1).
pub struct Accepted(String);

impl Accepted {
    /// None where the request has none: every form is as good.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let values: Vec<&str> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
        values.iter().any(|value| !value.trim().is_empty()).then(|| Self(values.join(",")))
    }

    /// What the most exact of `ranges` that the header names weighs, in thousandths; 0: not wanted. `ranges` begins with the most exact.
    pub fn weight(&self, ranges: &[&str]) -> u16 {
        ranges.iter().find_map(|range| self.weight_of(range)).unwrap_or(0)
    }

    /// Whether the caller is a browser that asks for a page: HTML weighs more than JSON, or as much and is named where JSON is not.
    pub fn prefers_html(&self) -> bool {
        let html = self.weight(&["text/html", "text/*", "*/*"]);
        let json = self.weight(&["application/json", "application/*", "*/*"]);
        let is_named = |kind| self.weight(&[kind]) > 0;
        html > json || (html == json && is_named("text/html") && !is_named("application/json"))
    }

    fn weight_of(&self, range: &str) -> Option<u16> {
        self.0.split(',').find_map(|item| {
            let mut parts = item.split(';').map(str::trim);
            parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case(range)).then(|| parts.find_map(quality).unwrap_or(1_000))
        })
    }
}

/// `q=0.8`, in thousandths; None for another parameter. What is no number from 0 to 1 counts as nothing.
fn quality(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    let value: f32 = if name.eq_ignore_ascii_case("q") { value.parse().unwrap_or(0.0) } else { return None };
    Some((value.clamp(0.0, 1.0) * 1_000.0).round() as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_from_programs() {
        for (accept, expected) in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", true),
            ("text/html", true),
            ("TEXT/HTML", true),
            ("text/*", true),
            ("text/html, */*", true),
            ("application/json;q=0.5, text/html", true),
            ("*/*", false),
            ("application/json", false),
            ("application/json, text/plain, */*", false),
            ("application/json, text/html", false),
            ("text/html;q=0.5, application/json", false),
            ("text/html;q=0, */*", false),
            ("text/html;q=0", false),
            ("text/html;q=nonsense", false),
            ("image/png", false),
        ] {
            assert_eq!(Accepted(accept.to_owned()).prefers_html(), expected, "{accept}");
        }
    }
}
