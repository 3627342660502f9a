use ddb_core::json::Json;
use ddb_core::{Error, Result, suggestion};

use crate::known::Known;

/// Reads an object field by field: what is left at the end is either refused or the caller's.
pub struct Fields {
    left: Vec<(String, Json)>,
    /// The names that were asked for, given or not.
    known: Vec<String>,
}

impl Fields {
    pub fn of(body: Json) -> Result<Self> {
        match body {
            Json::Object(fields) => Ok(Self { left: fields, known: Vec::new() }),
            Json::Null | Json::Bool(_) | Json::Int(_) | Json::Float(_) | Json::String(_) | Json::Array(_) => {
                Err(Error::invalid("", "TYPE", "the body must be an object"))
            }
        }
    }

    /// Takes a field out, whatever it holds. Its name counts as known from then on, also where the body does not have it.
    pub fn take(&mut self, name: &str) -> Option<Json> {
        self.known.push(name.to_owned());
        let position = self.left.iter().position(|(given, _)| given == name)?;
        Some(self.left.remove(position).1)
    }

    /// A string that must be there.
    pub fn string(&mut self, name: &str) -> Result<String> {
        self.optional_string(name)?.ok_or_else(|| Error::invalid(name, "REQUIRED", format!("`{name}` is required")))
    }

    /// A string, or None where the field is absent or null.
    pub fn optional_string(&mut self, name: &str) -> Result<Option<String>> {
        match self.take(name) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::String(text)) => Ok(Some(text)),
            Some(Json::Bool(_) | Json::Int(_) | Json::Float(_) | Json::Array(_) | Json::Object(_)) => {
                Err(Error::invalid(name, "TYPE", format!("`{name}` must be a string")))
            }
        }
    }

    /// Refuses what was not taken.
    pub fn end(self) -> Result<()> {
        let Some((name, _)) = self.left.into_iter().next() else { return Ok(()) };
        let instead = suggestion(&name, self.known.iter().map(String::as_str));
        let end = if instead.is_empty() { "." } else { "" };
        let all = match self.known.as_slice() {
            [] => "There are no fields here.".to_owned(),
            known => format!("There are {}.", Known(known)),
        };
        Err(Error::invalid(name, "UNKNOWN", format!("this field is not known here{instead}{end} {all}")))
    }

    /// What was not taken, in the order of the body.
    pub fn rest(self) -> Vec<(String, Json)> {
        self.left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> Fields {
        let text = |text: &str| Json::String(text.to_owned());
        Fields::of(Json::Object(vec![("email".into(), text("a@b.c")), ("age".into(), Json::Int(3)), ("name".into(), Json::Null)]))
            .expect("an object")
    }

    #[test]
    fn fields_are_taken_by_name_and_kind() {
        let mut fields = fields();
        assert_eq!(fields.string("email").expect("no error"), "a@b.c");
        assert_eq!(fields.optional_string("name").expect("no error"), None);
        assert_eq!(fields.rest(), vec![("age".to_owned(), Json::Int(3))]);
    }

    #[test]
    fn missing_wrong_and_unknown_fields_are_named() {
        for (result, code) in [
            (fields().string("password").map(drop), "REQUIRED"),
            (fields().string("name").map(drop), "REQUIRED"),
            (fields().optional_string("age").map(drop), "TYPE"),
            (fields().end(), "UNKNOWN"),
            (Fields::of(Json::Array(Vec::new())).map(drop), "TYPE"),
        ] {
            assert_eq!(result.expect_err("an error").details()[0].code, code);
        }
        let mut slip = fields();
        assert!(slip.take("nme").is_none() && slip.take("email").is_some() && slip.take("age").is_some());
        let error = slip.end().expect_err("an unknown field");
        let message = "this field is not known here; did you mean `nme`? There are `nme`, `email` and `age`.";
        assert_eq!(error.details()[0].message, message);
    }
}
