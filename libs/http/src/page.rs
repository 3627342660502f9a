//! A page for a browser: one file with everything in it, and the policy under which a browser runs exactly that.

use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// A page before what differs from answer to answer is filled in.
pub struct Page {
    html: String,
    policy: HeaderValue,
}

impl Page {
    /// `html` has the places `/*style*/` and `/*script*/`. The policy lets a browser use these two and `connect`, which is `'self'` or `'none'`, and nothing
    /// else: markup that came into the page by an error of ours runs nothing and loads nothing.
    pub fn new(html: &str, style: &str, script: &str, connect: &str) -> Self {
        let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
        let policy = format!(
            "default-src 'none'; script-src {}; style-src {}; connect-src {connect}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            hash(script),
            hash(style),
        );
        let html = html.replacen("/*style*/", style, 1).replacen("/*script*/", script, 1);
        Self { html, policy: HeaderValue::try_from(policy).expect("hashes and words are the value of a header") }
    }

    pub fn html(&self) -> &str {
        &self.html
    }

    /// The headers of an answer that is this page.
    pub fn headers(&self) -> [(HeaderName, HeaderValue); 2] {
        [(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")), (CONTENT_SECURITY_POLICY, self.policy.clone())]
    }
}

/// Text as it stands in HTML, also in quotes.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_no_markup() {
        assert_eq!(escaped("<a href='\"'>&"), "&lt;a href=&#39;&quot;&#39;&gt;&amp;");
    }
}
