use ddb_core::json::Json;
use ddb_core::{Error, Result};

/// Reads an object field by field: what is left at the end is either refused or the caller's.
pub struct Fields(Vec<(String, Json)>);

impl Fields {
    pub fn of(body: Json) -> Result<Self> {
        match body {
            Json::Object(fields) => Ok(Self(fields)),
            Json::Null | Json::Bool(_) | Json::Int(_) | Json::Float(_) | Json::String(_) | Json::Array(_) => {
                Err(Error::invalid("", "TYPE", "the body must be an object"))
            }
        }
    }

    /// Takes a field out, whatever it holds.
    pub fn take(&mut self, name: &str) -> Option<Json> {
        let position = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(position).1)
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
        match self.0.into_iter().next() {
            None => Ok(()),
            Some((name, _)) => Err(Error::invalid(name, "UNKNOWN", "this field is not known here")),
        }
    }

    /// What was not taken, in the order of the body.
    pub fn rest(self) -> Vec<(String, Json)> {
        self.0
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
    }
}
