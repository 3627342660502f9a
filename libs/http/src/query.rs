use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use ddb_core::{Error, Result, suggestion};

use crate::known::{self, Known};
use crate::{ApiError, percent};

/// The query string as a value. A parameter that `T` did not take is refused; a route without parameters takes `Query<()>`.
pub struct Query<T>(pub T);

/// What a route reads from its query string.
pub trait QueryParameters: Sized {
    fn read(parameters: &mut Parameters) -> Result<Self>;
}

impl QueryParameters for () {
    fn read(_: &mut Parameters) -> Result<Self> {
        Ok(())
    }
}

impl<T: QueryParameters, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self(read(parts.uri.query().unwrap_or_default())?))
    }
}

/// The parameters of a query string, each at most once.
pub struct Parameters {
    left: Vec<(String, String)>,
    /// The names that the route asked for, given or not.
    known: Vec<&'static str>,
}

impl Parameters {
    /// Takes the parameter out. Its name counts as known from then on, also where the request does not have it.
    pub fn take(&mut self, name: &'static str) -> Option<String> {
        self.known.push(name);
        let position = self.left.iter().position(|(given, _)| given == name)?;
        Some(self.left.remove(position).1)
    }

    /// A whole number between `least` and `most`.
    pub fn take_number(&mut self, name: &'static str, least: u32, most: u32) -> Result<Option<u32>> {
        let Some(text) = self.take(name) else { return Ok(None) };
        // `parse` alone would take `+5`.
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(number) if digits && (least..=most).contains(&number) => Ok(Some(number)),
            _ => Err(Error::bad_request(format!("`{name}` must be a whole number from {least} to {most}"))),
        }
    }
}

fn read<T: QueryParameters>(query: &str) -> Result<T> {
    let mut parameters = parse(query)?;
    let value = T::read(&mut parameters)?;
    match parameters.left.first() {
        None => Ok(value),
        Some((name, _)) => Err(Error::bad_request(unknown(name, &parameters.known))),
    }
}

/// What other interfaces call a parameter, its name here, and how it is written.
const ELSEWHERE: &[(&[&str], &str, &str)] = &[
    (&["sort", "sort_by", "sortby", "orderby", "order_by", "ordering"], "order", "order=-priority,title"),
    (&["per_page", "perpage", "page_size", "pagesize", "size", "top", "take", "max", "first"], "limit", "limit=20"),
    (
        &["after", "page_token", "next", "next_cursor", "continuation", "starting_after"],
        "cursor",
        "cursor=<the next_cursor of the answer before>",
    ),
    (&["filter", "filters", "query", "q", "search", "find", "condition"], "where", "where=status = 'active'"),
    (&["params", "parameters", "variables", "args", "bind", "bindings"], "vars", "vars={\"status\":\"active\"}"),
    (&["select", "columns", "field", "only", "projection", "attributes"], "fields", "fields=title,project.name"),
    (&["include", "populate", "embed", "with", "join", "relations"], "expand", "expand=project"),
    (&["total", "with_count", "include_count"], "count", "count=exact"),
    (&["as_of", "asof", "time", "timestamp", "version", "tx"], "at", "at=2026-11-22T10:00:00Z"),
];
const OFFSETS: &[&str] = &["offset", "skip", "page", "start", "from"];
const TOKENS: &[&str] = &["token", "access_token", "api_key", "apikey", "key", "auth", "authorization", "jwt"];

fn unknown(name: &str, known: &[&'static str]) -> String {
    let shown = known::shown(name);
    let plain = name.trim_start_matches('$').to_ascii_lowercase();
    let instead = ELSEWHERE
        .iter()
        .find(|(names, here, _)| known.contains(here) && names.contains(&plain.as_str()))
        .map(|(_, here, form)| format!("; write `{here}` instead, as in `{form}`"))
        .or_else(|| {
            let pages = known.contains(&"cursor") && OFFSETS.contains(&plain.as_str());
            pages.then(|| "; to get the next page, pass the `next_cursor` of the answer before as `cursor`".to_owned())
        })
        .or_else(|| {
            let is_token = TOKENS.contains(&plain.as_str());
            is_token.then(|| "; a token is sent in the header `Authorization: Bearer <token>`".to_owned())
        })
        .or_else(|| (plain == "namespace").then(|| "; a namespace is named by the header `X-DDB-Namespace`".to_owned()))
        .or_else(|| Some(suggestion(&plain, known.iter().copied())).filter(|near| !near.is_empty()))
        .or_else(|| {
            let is_field = known.contains(&"where") && is_name(name);
            is_field.then(|| format!("; to filter by a field, write `where={name} = $value` and give `$value` in `vars`"))
        })
        .unwrap_or_default();
    let end = if instead.ends_with('?') { "" } else { "." };
    let all = match known {
        [] => "This route takes no query parameters.".to_owned(),
        known => format!("This route takes {}.", Known(known)),
    };
    format!("the query parameter {shown} is not known here{instead}{end} {all}")
}

fn is_name(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn parse(query: &str) -> Result<Parameters> {
    let mut parameters: Vec<(String, String)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name)?, decode(value)?);
        if parameters.iter().any(|(known, _)| *known == name) {
            let message = format!("the query parameter {} stands more than once", known::shown(&name));
            return Err(Error::bad_request(message));
        }
        parameters.push((name, value));
    }
    Ok(Parameters { left: parameters, known: Vec::new() })
}

/// As browsers encode forms: a plus is a space.
fn decode(text: &str) -> Result<String> {
    let text = text.replace('+', " ");
    percent::decode(&text)
        .map(std::borrow::Cow::into_owned)
        .ok_or_else(|| Error::bad_request("the query string is not percent-encoded UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Page {
        limit: Option<u32>,
        cursor: Option<String>,
    }

    impl QueryParameters for Page {
        fn read(parameters: &mut Parameters) -> Result<Self> {
            Ok(Self { limit: parameters.take_number("limit", 1, 1000)?, cursor: parameters.take("cursor") })
        }
    }

    #[test]
    fn known_parameters_are_read() {
        let page: Page = read("limit=20&cursor=a%2Bb+c").expect("no error");
        assert_eq!(page, Page { limit: Some(20), cursor: Some("a+b c".to_owned()) });
        let page: Page = read("").expect("no error");
        assert_eq!(page, Page { limit: None, cursor: None });
    }

    #[test]
    fn unknown_repeated_and_broken_parameters_are_refused() {
        for query in [
            "x=1",
            "limit=1&limit=2",
            "limit=1&l%69mit=2",
            "cursor=%f",
            "cursor=%ff",
            "limit=0",
            "limit=1001",
            "limit=%2B5",
            "limit=",
            "=1",
        ] {
            assert!(read::<Page>(query).is_err(), "{query}");
        }
        assert!(read::<()>("limit=1").is_err());
    }

    #[derive(Debug)]
    struct List;

    impl QueryParameters for List {
        fn read(parameters: &mut Parameters) -> Result<Self> {
            for name in ["where", "vars", "order", "cursor", "fields", "expand", "count"] {
                parameters.take(name);
            }
            parameters.take_number("limit", 1, 1000)?;
            Ok(Self)
        }
    }

    fn refusal<T: QueryParameters + std::fmt::Debug>(query: &str) -> String {
        read::<T>(query).expect_err("it is refused").message().to_owned()
    }

    /// Mutant: `known` without the names that a request does not have.
    #[test]
    fn an_unknown_name_is_answered_with_the_names_that_there_are_and_what_to_write_instead() {
        let all = "This route takes `where`, `vars`, `order`, `cursor`, `fields`, `expand`, `count` and `limit`.";
        for (query, instead) in [
            ("limt=5", "did you mean `limit`?"),
            ("Limit=5", "did you mean `limit`?"),
            ("feilds=a", "did you mean `fields`?"),
            ("ordr=a", "did you mean `order`?"),
            ("wher=a", "did you mean `where`?"),
            ("curser=a", "did you mean `cursor`?"),
            ("sort=a", "write `order` instead, as in `order="),
            ("orderBy=a", "write `order` instead, as in `order="),
            ("$orderby=a", "write `order` instead, as in `order="),
            ("per_page=5", "write `limit` instead, as in `limit="),
            ("filter=x", "write `where` instead, as in `where="),
            ("%24filter=x", "write `where` instead, as in `where="),
            ("select=a", "write `fields` instead, as in `fields="),
            ("populate=a", "write `expand` instead, as in `expand="),
            ("total=1", "write `count` instead, as in `count="),
            ("offset=5", "pass the `next_cursor` of the answer before as `cursor`."),
            ("page=2", "pass the `next_cursor` of the answer before as `cursor`."),
            ("access_token=secret", "in the header `Authorization: Bearer <token>`."),
            ("namespace=main", "by the header `X-DDB-Namespace`."),
            ("status=secret", "write `where=status = $value` and give `$value` in `vars`."),
        ] {
            let message = refusal::<List>(query);
            assert!(message.contains(instead) && message.ends_with(all), "{query}: {message}");
            assert!(!message.contains("secret"), "{query}: a value is in the message: {message}");
        }
        assert_eq!(
            refusal::<Page>("zzzzzz=1"),
            "the query parameter `zzzzzz` is not known here. This route takes `limit` and `cursor`."
        );
        assert_eq!(
            refusal::<()>("limit=1"),
            "the query parameter `limit` is not known here. This route takes no query parameters."
        );
        let long = format!("{}%0a%1b[31m=1", "x".repeat(200));
        let message = refusal::<Page>(&long);
        assert!(message.len() < 200 && !message.contains(['\n', '\u{1b}']), "{message}");
    }
}
