use super::guide::Chapter;
use crate::Page;

const HTML: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

/// The page with the guide in it; its script adds the operations of the document.
pub(super) fn page(guide: &[Chapter]) -> Page {
    let (mut contents, mut chapters) = (String::new(), String::new());
    for chapter in guide {
        let rendered = chapter.render();
        contents.push_str(&format!("<a href=\"#{}\">{}</a>\n", chapter.id, rendered.title));
        chapters.push_str(&format!("<section class=\"chapter\" id=\"{}\">\n{}</section>\n", chapter.id, rendered.html));
    }
    let html = HTML.replacen("<!--contents-->", &contents, 1).replacen("<!--guide-->", &chapters, 1);
    Page::new(&html, STYLE, SCRIPT, "'self'")
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_policy_allows_what_stands_in_the_page_and_nothing_else() {
        let page = page(&[Chapter { id: "start", markdown: "# Start\n\nText" }]);
        let (html, [_, (_, policy)]) = (page.html(), page.headers());
        let policy = policy.to_str().expect("text");
        for (begin, end) in [("<style>", "</style>"), ("<script>", "</script>")] {
            let (_, rest) = html.split_once(begin).expect("the part begins");
            let (part, _) = rest.split_once(end).expect("the part ends");
            assert!(policy.contains(&STANDARD.encode(Sha256::digest(part))), "what stands in {begin} is what the policy allows");
        }
        assert!(!html.contains("/*style*/") && !html.contains("/*script*/") && !html.contains("<!--"));
        for foreign in ["@import", "innerHTML", "eval("] {
            assert!(!html.contains(foreign), "{foreign}");
        }
        assert!(!STYLE.contains("url(") && !STYLE.contains("://"));
        assert!(!policy.contains("unsafe") && policy.starts_with("default-src 'none'"), "{policy}");
    }
}
