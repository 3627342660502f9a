//! A request as lines to copy: for a shell, for JavaScript and for Python.

use serde_json::{Value, json};

/// Where the lines send the request. The page puts the address there from which it was loaded.
pub(super) const ADDRESS: &str = "http://localhost:7700";

/// A request as a person writes it. `$NAME`, in capital letters, is a variable: in a header, as the whole value of a parameter, and as a whole string or
/// number of the body.
pub(super) struct Request {
    pub(super) method: String,
    /// As it is sent.
    pub(super) path: String,
    /// Names and values before they are encoded.
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
    /// JSON.
    pub(super) body: Option<String>,
    pub(super) answer: AnswerKind,
}

/// What the lines do with the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AnswerKind {
    Json,
    Text,
    Nothing,
}

pub(super) struct Sample {
    pub(super) language: &'static str,
    pub(super) label: &'static str,
    pub(super) source: String,
}

impl Request {
    pub(super) fn samples(&self) -> [Sample; 3] {
        [
            Sample { language: "shell", label: "curl", source: self.curl() },
            Sample { language: "javascript", label: "JavaScript", source: self.javascript() },
            Sample { language: "python", label: "Python", source: self.python() },
        ]
    }

    /// As the extension `x-codeSamples` of OpenAPI has them, which other viewers show too.
    pub(super) fn as_extension(&self) -> Value {
        self.samples()
            .iter()
            .map(|Sample { language, label, source }| json!({"lang": language, "label": label, "source": source}))
            .collect()
    }

    fn curl(&self) -> String {
        let by_option = self.method == "GET" && !self.query.is_empty();
        let url =
            if by_option || self.query.is_empty() { self.url() } else { format!("{}?{}", self.url(), encoded(&self.query)) };
        let method = match self.method.as_str() {
            "GET" if by_option => " -G".to_owned(),
            "GET" => String::new(),
            method => format!(" -X {method}"),
        };
        let mut parts = vec![format!("curl{method} {}", in_shell(&url))];
        if by_option {
            parts.extend(self.query.iter().map(|(name, value)| match variable(value) {
                Some(_) => format!("--data-urlencode \"{name}={value}\""),
                None => format!("--data-urlencode {}", quoted(&format!("{name}={value}"))),
            }));
        }
        parts.extend(self.headers.iter().map(|(name, value)| match value.contains('$') {
            true => format!("-H \"{name}: {}\"", value.replace('"', "\\\"")),
            false => format!("-H {}", quoted(&format!("{name}: {value}"))),
        }));
        parts.extend(self.body.iter().map(|body| {
            // A variable is not read between single quotes: these end before it and begin again behind it.
            let inserted = |name: &str| format!("'\"${name}\"'");
            let is_text = |name: &str| format!("\"{}\"", inserted(name));
            format!("-d {}", with_variables(&quoted(body), is_text, inserted))
        }));
        parts.join(" \\\n  ")
    }

    fn javascript(&self) -> String {
        let mut lines = Vec::new();
        let mut url = format!("\"{}\"", self.url());
        if !self.query.is_empty() {
            lines.push(format!("const query = new URLSearchParams({{\n{}\n}});", members(&self.query, "  ")));
            url = format!("\"{}?\" + query", self.url());
        }
        let mut options = Vec::new();
        if self.method != "GET" {
            options.push(format!("  method: \"{}\",", self.method));
        }
        if !self.headers.is_empty() {
            let headers = self.headers.iter().map(|(name, value)| match value.split_once('$') {
                Some((before, variable)) => format!("\"{name}\": `{before}${{{variable}}}`"),
                None => format!("\"{name}\": {}", Value::from(value.as_str())),
            });
            options.push(format!("  headers: {{ {} }},", headers.collect::<Vec<_>>().join(", ")));
        }
        if let Some(body) = &self.body {
            let body = with_variables(body, str::to_owned, str::to_owned).replace('\n', "\n  ");
            options.push(format!("  body: JSON.stringify({body}),"));
        }
        lines.push(match options.is_empty() {
            true => format!("const answer = await fetch({url});"),
            false => format!("const answer = await fetch({url}, {{\n{}\n}});", options.join("\n")),
        });
        lines.push(match self.answer {
            AnswerKind::Json => "console.log(answer.status, await answer.json());".to_owned(),
            AnswerKind::Text => "console.log(answer.status, await answer.text());".to_owned(),
            AnswerKind::Nothing => "console.log(answer.status);".to_owned(),
        });
        lines.join("\n")
    }

    fn python(&self) -> String {
        let mut arguments = vec![format!("    \"{}\",", self.url())];
        if !self.query.is_empty() {
            arguments.push(format!("    params={{\n{}\n    }},", members(&self.query, "        ")));
        }
        // `json=` says the content type itself.
        let headers: Vec<_> = self.headers.iter().filter(|(name, _)| name != "Content-Type").collect();
        if !headers.is_empty() {
            let headers = headers.iter().map(|(name, value)| match value.split_once('$') {
                Some((before, variable)) => format!("\"{name}\": f\"{before}{{{variable}}}\""),
                None => format!("\"{name}\": {}", Value::from(value.as_str())),
            });
            arguments.push(format!("    headers={{{}}},", headers.collect::<Vec<_>>().join(", ")));
        }
        if let Some(body) = &self.body {
            let body = in_python(&with_variables(body, str::to_owned, str::to_owned)).replace('\n', "\n    ");
            arguments.push(format!("    json={body},"));
        }
        let call = match arguments.as_slice() {
            [url] => url.trim().trim_end_matches(',').to_owned(),
            several => format!("\n{}\n", several.join("\n")),
        };
        let shown = match self.answer {
            AnswerKind::Json => "answer.status_code, answer.json()",
            AnswerKind::Text => "answer.status_code, answer.text",
            AnswerKind::Nothing => "answer.status_code",
        };
        format!("import requests\n\nanswer = requests.{}({call})\nprint({shown})", self.method.to_ascii_lowercase())
    }

    fn url(&self) -> String {
        format!("{ADDRESS}{}", self.path)
    }
}

/// The members of an object, which JavaScript and Python write alike: one a line.
fn members(pairs: &[(String, String)], indent: &str) -> String {
    let lines = pairs.iter().map(|(name, value)| match variable(value) {
        Some(variable) => format!("{indent}\"{name}\": {variable},"),
        None => format!("{indent}\"{name}\": {},", Value::from(value.as_str())),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The name of the variable that the text is.
fn variable(text: &str) -> Option<&str> {
    text.strip_prefix('$').filter(|name| !name.is_empty() && name.bytes().all(is_of_variable))
}

fn is_of_variable(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte == b'_'
}

/// A word that a shell takes as it stands, or in single quotes.
fn in_shell(text: &str) -> String {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/:._-%".contains(&byte));
    if is_plain { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// As in an address.
pub(super) fn encode(text: &str) -> String {
    let encode = |byte: u8| match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

fn encoded(query: &[(String, String)]) -> String {
    query.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect::<Vec<_>>().join("&")
}

/// Puts something else in place of each variable: `text` of one that stands in quotes, `number` of one that does not.
fn with_variables(json: &str, text: impl Fn(&str) -> String, number: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = json;
    while let Some((before, behind)) = rest.split_once('$') {
        let end = behind.bytes().position(|byte| !is_of_variable(byte)).unwrap_or(behind.len());
        let (name, after) = behind.split_at(end);
        match (before.strip_suffix('"'), after.strip_prefix('"')) {
            (Some(before), Some(after)) if !name.is_empty() => {
                out.push_str(before);
                out.push_str(&text(name));
                rest = after;
            }
            (None, _) if !name.is_empty() && before.ends_with(": ") => {
                out.push_str(before);
                out.push_str(&number(name));
                rest = after;
            }
            _ => {
                out.push_str(before);
                out.push('$');
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    out
}

/// JSON as Python writes it.
fn in_python(json: &str) -> String {
    let mut result = String::with_capacity(json.len());
    let (mut in_string, mut escaped, mut word) = (false, false, String::new());
    for letter in json.chars() {
        if !in_string && letter.is_ascii_alphabetic() {
            word.push(letter);
            continue;
        }
        end_word(&mut word, &mut result);
        result.push(letter);
        match letter {
            '\\' if in_string => escaped = !escaped,
            '"' if !escaped => in_string = !in_string,
            _ => escaped = false,
        }
    }
    end_word(&mut word, &mut result);
    result
}

fn end_word(word: &mut String, out: &mut String) {
    out.push_str(match word.as_str() {
        "true" => "True",
        "false" => "False",
        "null" => "None",
        other => other,
    });
    word.clear();
}

/// JSON for a reader: on one line as long as that is short, else each member on its own.
pub(super) fn pretty(value: &Value, indent: usize) -> String {
    const WIDTH: usize = 72;
    let line = on_one_line(value);
    if line.len() + indent <= WIDTH {
        return line;
    }
    let inner = " ".repeat(indent + 2);
    let (open, parts, close): (_, Vec<String>, _) = match value {
        Value::Array(items) => ('[', items.iter().map(|item| pretty(item, indent + 2)).collect(), ']'),
        Value::Object(members) => {
            let write =
                |(name, value): (&String, &Value)| format!("{}: {}", Value::from(name.as_str()), pretty(value, indent + 2));
            ('{', members.iter().map(write).collect(), '}')
        }
        _ => return line,
    };
    let parts: Vec<String> = parts.iter().map(|part| format!("{inner}{part}")).collect();
    format!("{open}\n{}\n{}{close}", parts.join(",\n"), " ".repeat(indent))
}

fn on_one_line(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(on_one_line).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let write = |(name, value): (&String, &Value)| format!("{}: {}", Value::from(name.as_str()), on_one_line(value));
            format!("{{{}}}", members.iter().map(write).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Request {
        Request {
            method: "POST".to_owned(),
            path: "/api/data/tasks".to_owned(),
            query: Vec::new(),
            headers: vec![
                ("Authorization".to_owned(), "Bearer $TOKEN".to_owned()),
                ("Content-Type".to_owned(), "application/json".to_owned()),
            ],
            body: Some(
                r#"{"title": "It's \"true\"", "done": false, "of": null, "token": "$REFRESH_TOKEN", "tx": $TX, "$ttl": 5}"#
                    .to_owned(),
            ),
            answer: AnswerKind::Json,
        }
    }

    #[test]
    fn the_lines_of_each_language() {
        let [curl, javascript, python] = request().samples().map(|sample| sample.source);
        assert_eq!(
            curl,
            r#"curl -X POST http://localhost:7700/api/data/tasks \
  -H "Authorization: Bearer $TOKEN" \
  -H 'Content-Type: application/json' \
  -d '{"title": "It'\''s \"true\"", "done": false, "of": null, "token": "'"$REFRESH_TOKEN"'", "tx": '"$TX"', "$ttl": 5}'"#
        );
        assert_eq!(
            javascript,
            r#"const answer = await fetch("http://localhost:7700/api/data/tasks", {
  method: "POST",
  headers: { "Authorization": `Bearer ${TOKEN}`, "Content-Type": "application/json" },
  body: JSON.stringify({"title": "It's \"true\"", "done": false, "of": null, "token": REFRESH_TOKEN, "tx": TX, "$ttl": 5}),
});
console.log(answer.status, await answer.json());"#
        );
        assert_eq!(
            python,
            r#"import requests

answer = requests.post(
    "http://localhost:7700/api/data/tasks",
    headers={"Authorization": f"Bearer {TOKEN}"},
    json={"title": "It's \"true\"", "done": False, "of": None, "token": REFRESH_TOKEN, "tx": TX, "$ttl": 5},
)
print(answer.status_code, answer.json())"#
        );
    }

    #[test]
    fn a_query_string_is_written_as_it_is_meant() {
        let query = vec![("where".to_owned(), "title = 'x' AND n > 1".to_owned()), ("at".to_owned(), "$TX".to_owned())];
        let headers = Vec::new();
        let get = Request { method: "GET".to_owned(), query, headers, body: None, ..request() };
        let [curl, javascript, python] = get.samples().map(|sample| sample.source);
        assert_eq!(
            curl,
            r#"curl -G http://localhost:7700/api/data/tasks \
  --data-urlencode 'where=title = '\''x'\'' AND n > 1' \
  --data-urlencode "at=$TX""#
        );
        assert!(javascript.contains("  \"where\": \"title = 'x' AND n > 1\","), "{javascript}");
        assert!(javascript.contains("fetch(\"http://localhost:7700/api/data/tasks?\" + query);"), "{javascript}");
        assert!(python.contains("        \"at\": TX,\n    },"), "{python}");
    }

    #[test]
    fn long_json_is_broken_into_lines() {
        let short = json!({"a": [1, 2], "b": null});
        assert_eq!(pretty(&short, 0), r#"{"a": [1, 2], "b": null}"#);
        let long = json!({"text": "x".repeat(80), "list": [1]});
        assert_eq!(pretty(&long, 0), format!("{{\n  \"list\": [1],\n  \"text\": \"{}\"\n}}", "x".repeat(80)));
    }
}
