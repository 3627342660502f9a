//! The chapters of the guide: Markdown in which a request stands as ` ```http ` and its answer as ` ```json `.

use pulldown_cmark::{CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use super::samples::{AnswerKind, Request};
use crate::page::escaped;

/// A chapter of the guide at `/api/docs`.
#[derive(Debug, Clone, Copy)]
pub struct Chapter {
    /// What a link to it ends with.
    pub id: &'static str,
    /// Begins with its title, as `# …`. A block `http` is a request: method and target (the values of the query string as they are meant, each in a line
    /// of its own), headers, an empty line, a body. `$NAME` is a variable that the reader has set. The block `json` behind it is the answer, with its status unless that is 200; a block `status` is one without a body.
    pub markdown: &'static str,
}

/// A chapter as HTML.
pub(super) struct Rendered {
    pub(super) title: String,
    pub(super) html: String,
}

impl Chapter {
    pub(super) fn render(&self) -> Rendered {
        let events: Vec<Event<'_>> = Parser::new_ext(self.markdown, Options::ENABLE_TABLES).collect();
        let mut out = Vec::new();
        let mut title = String::new();
        let mut position = 0;
        while let Some(event) = events.get(position) {
            position += 1;
            match event {
                Event::Start(Tag::Heading { level, .. }) => {
                    let text = text_until(&events, &mut position, |end| matches!(end, TagEnd::Heading(_)));
                    let id = if *level == HeadingLevel::H1 { self.id.to_owned() } else { format!("{}-{}", self.id, slug(&text)) };
                    // The page has a title of its own above those of the chapters.
                    let size = *level as usize + 1;
                    let text = escaped(&text);
                    if *level == HeadingLevel::H1 {
                        title.clone_from(&text);
                        out.push(raw(format!("<h{size}>{text}</h{size}>\n")));
                    } else {
                        out.push(raw(format!("<h{size} id=\"{id}\">{text}</h{size}>\n")));
                    }
                }
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(kind))) => {
                    let text = text_until(&events, &mut position, |end| *end == TagEnd::CodeBlock);
                    out.push(raw(match kind.split_once(' ').unwrap_or((kind, "")) {
                        ("http", _) => samples(&request(&text, answer_behind(&events, position))),
                        ("json", status) => answer(if status.is_empty() { "200" } else { status }, &text),
                        ("status", _) => answer(text.trim(), ""),
                        _ => format!("<pre><code>{}</code></pre>\n", escaped(text.trim_end())),
                    }));
                }
                Event::Start(Tag::Table(_)) => out.extend([raw("<div class=\"wide\">".to_owned()), event.clone()]),
                Event::End(TagEnd::Table) => out.extend([event.clone(), raw("</div>\n".to_owned())]),
                other => out.push(other.clone()),
            }
        }
        let mut html = String::new();
        html::push_html(&mut html, out.into_iter());
        Rendered { title, html }
    }
}

/// What the answer that stands behind a request holds.
fn answer_behind(events: &[Event<'_>], position: usize) -> AnswerKind {
    let next = events[position..].iter().find_map(|event| match event {
        Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(kind))) => Some(kind),
        _ => None,
    });
    if next.is_some_and(|kind| kind.starts_with("json")) { AnswerKind::Json } else { AnswerKind::Nothing }
}

fn text_until(events: &[Event<'_>], position: &mut usize, is_end: impl Fn(&TagEnd) -> bool) -> String {
    let mut text = String::new();
    while let Some(event) = events.get(*position) {
        *position += 1;
        match event {
            Event::End(end) if is_end(end) => break,
            Event::Text(piece) | Event::Code(piece) => text.push_str(piece),
            _ => {}
        }
    }
    text
}

/// A request as it stands in a chapter.
fn request(text: &str, answer: AnswerKind) -> Request {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    // A target may go on in lines that begin with spaces: one for each parameter.
    let head = head.replace("\n  ?", "?").replace("\n  &", "&");
    let mut lines = head.lines();
    let line = lines.next().unwrap_or_default();
    let (method, target) = line.split_once(' ').unwrap_or_else(|| panic!("a request of the guide begins with a method: {line}"));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pair = |text: &str, mark: &str| {
        let (name, value) = text.split_once(mark).unwrap_or_else(|| panic!("`{text}` in the guide has no `{mark}`"));
        (name.to_owned(), value.to_owned())
    };
    let body = Some(body.trim()).filter(|body| !body.is_empty()).map(str::to_owned);
    let mut headers: Vec<_> = lines.map(|line| pair(line, ": ")).collect();
    if body.is_some() {
        headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
    }
    Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.split('&').filter(|part| !part.is_empty()).map(|part| pair(part, "=")).collect(),
        headers,
        body,
        answer,
    }
}

fn samples(request: &Request) -> String {
    let blocks = request.samples().map(|sample| {
        let (language, label, source) = (sample.language, sample.label, escaped(&sample.source));
        format!("<pre data-language=\"{language}\" data-label=\"{label}\"><code>{source}</code></pre>")
    });
    format!("<div class=\"samples\">{}</div>\n", blocks.concat())
}

fn answer(status: &str, body: &str) -> String {
    let body = if body.is_empty() { String::new() } else { format!("<pre><code>{}</code></pre>", escaped(body.trim_end())) };
    format!("<div class=\"answer\"><p>Answer <b>{}</b></p>{body}</div>\n", escaped(status))
}

fn slug(text: &str) -> String {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}

fn raw(html: String) -> Event<'static> {
    Event::Html(CowStr::from(html))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chapter_becomes_html() {
        let markdown = "# Links & more\n\nSee [it](#getRecord).\n\n## How `a` goes\n\n```http\nGET /api/data/t?where=a < 'x'&limit=2\n\
                        Authorization: Bearer $TOKEN\n```\n\n```json 404\n{\"a\": \"<b>\"}\n```\n\n```text\n1 < 2\n```\n";
        let Rendered { title, html } = Chapter { id: "links", markdown }.render();
        assert_eq!(title, "Links &amp; more");
        for part in [
            "<h2>Links &amp; more</h2>",
            "<a href=\"#getRecord\">it</a>",
            "<h3 id=\"links-how-a-goes\">How a goes</h3>",
            "<pre data-language=\"shell\" data-label=\"curl\"><code>curl -G http://localhost:7700/api/data/t",
            "--data-urlencode &#39;where=a &lt; &#39;\\&#39;&#39;x&#39;\\&#39;&#39;&#39;",
            "await answer.json()",
            "<p>Answer <b>404</b></p><pre><code>{&quot;a&quot;: &quot;&lt;b&gt;&quot;}</code></pre>",
            "<pre><code>1 &lt; 2</code></pre>",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
    }
}
