use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use ddb_core::{Error, Result};

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
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Takes the parameter out, so that it counts as known.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let position = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(position).1)
    }

    /// A whole number between `least` and `most`.
    pub fn take_number(&mut self, name: &str, least: u32, most: u32) -> Result<Option<u32>> {
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
    match parameters.0.first() {
        None => Ok(value),
        Some((name, _)) => {
            let name: String = name.chars().take(64).filter(|c| !c.is_control()).collect();
            Err(Error::bad_request(format!("the query parameter `{name}` is not known to this version")))
        }
    }
}

fn parse(query: &str) -> Result<Parameters> {
    let mut parameters: Vec<(String, String)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name)?, decode(value)?);
        if parameters.iter().any(|(known, _)| *known == name) {
            return Err(Error::bad_request("a query parameter stands more than once"));
        }
        parameters.push((name, value));
    }
    Ok(Parameters(parameters))
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
}
