use std::fmt;

use crate::setting::Definitions;
use crate::settings::{Origin, Settings};

/// A setting as it stands, to be shown to an administrator: never a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    pub name: &'static str,
    pub value: Value,
    /// `default`, `flag`, `variable DDB_…`, `file …` or `not set`.
    pub origin: String,
}

impl InForce {
    /// Whether somebody has set it.
    pub fn is_given(&self) -> bool {
        !matches!(self.origin.as_str(), DEFAULT | NOT_SET)
    }
}

const DEFAULT: &str = "default";
const NOT_SET: &str = "not set";

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    NotSet,
    /// It is set, and that is all that is told.
    Secret,
    Text(String),
}

impl Settings {
    /// All of them, in the order of their definitions.
    pub fn in_force(&self, definitions: &Definitions) -> Vec<InForce> {
        let of_setting = |name| match self.given.get(name) {
            None => InForce { name, value: Value::NotSet, origin: NOT_SET.to_owned() },
            Some(given) if given.secret => InForce { name, value: Value::Secret, origin: source(&given.origin) },
            Some(given) => InForce { name, value: Value::Text(without_credentials(&given.text)), origin: source(&given.origin) },
        };
        definitions.iter().map(|setting| of_setting(setting.name)).collect()
    }
}

fn source(origin: &Origin) -> String {
    match origin {
        Origin::Flag(_) => "flag".to_owned(),
        Origin::Variable(name) => format!("variable {name}"),
        Origin::File(path, _) => format!("file {}", path.display()),
        Origin::Default(_) => DEFAULT.to_owned(),
    }
}

/// An address without who signs in there (of NATS that may be a token alone) and without its parameters; any other text as it is. Where it is not
/// plain what is which, only the scheme is left.
fn without_credentials(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let (before, parameters) = match rest.find(['?', '#']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    if parameters.contains('@') {
        return format!("{scheme}://…");
    }
    let place = before.rsplit_once('@').map_or(before, |(_, place)| place);
    format!("{scheme}://{place}")
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSet => f.write_str("-"),
            Self::Secret => f.write_str("(secret)"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::without_credentials;

    /// Mutants: the first `@` instead of the last; the parameters are kept; `@` is not looked for in them.
    #[test]
    fn an_address_is_shown_without_credentials() {
        for (text, shown) in [
            ("postgres://me:hunter2@db.example.com:5432/app", "postgres://db.example.com:5432/app"),
            ("postgres://me:hunt@er2@db/app?sslmode=require", "postgres://db/app"),
            ("postgres://db/app?user=me&password=hunter2", "postgres://db/app"),
            ("postgres://db/app?password=hunt@er2", "postgres://…"),
            ("postgres://me:hunt?er2@db/app", "postgres://…"),
            ("postgres://me:hunt#er2@db/app", "postgres://…"),
            ("nats://t0ken@a:4222,nats://t0ken@b:4222", "nats://b:4222"),
            ("nats://a:4222", "nats://a:4222"),
            ("localhost:7700", "localhost:7700"),
            ("https://a.example.com,https://b.example.com", "https://a.example.com,https://b.example.com"),
            ("me@example.com", "me@example.com"),
        ] {
            assert_eq!(without_credentials(text), shown);
        }
    }
}
