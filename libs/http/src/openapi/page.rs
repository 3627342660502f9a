use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

const HTML: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

/// One file with everything in it, and the policy under which a browser runs exactly that and loads nothing but the document.
pub(super) struct Page {
    pub(super) html: Vec<u8>,
    pub(super) policy: String,
}

impl Page {
    pub(super) fn new() -> Self {
        let html = HTML.replacen("/*style*/", STYLE, 1).replacen("/*script*/", SCRIPT, 1);
        let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
        let policy = format!(
            "default-src 'none'; script-src {}; style-src {}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            hash(SCRIPT),
            hash(STYLE),
        );
        Self { html: html.into_bytes(), policy }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_allows_what_stands_in_the_page_and_nothing_else() {
        let Page { html, policy } = Page::new();
        let html = String::from_utf8(html).expect("text");
        for (begin, end) in [("<style>", "</style>"), ("<script>", "</script>")] {
            let (_, rest) = html.split_once(begin).expect("the part begins");
            let (part, _) = rest.split_once(end).expect("the part ends");
            assert!(policy.contains(&STANDARD.encode(Sha256::digest(part))), "what stands in {begin} is what the policy allows");
        }
        assert!(!html.contains("/*style*/") && !html.contains("/*script*/"));
        for foreign in ["://", "@import", "innerHTML", "eval("] {
            assert!(!html.contains(foreign), "{foreign}");
        }
        assert!(!STYLE.contains("url("));
        assert!(!policy.contains("unsafe") && policy.starts_with("default-src 'none'"), "{policy}");
    }
}
