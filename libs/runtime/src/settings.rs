use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use clap::ArgMatches;
use ddb_core::{Error, Result, suggestion};

use crate::setting::{CONFIG, Definitions, Setting};

const PREFIX: &str = "DDB_";
const CONFIG_VARIABLE: &str = "DDB_CONFIG";

/// What was set, as text, with where it was set: flag before variable before file before default.
pub struct Settings {
    /// The file that some of them come from.
    pub(crate) file: Option<PathBuf>,
    pub(crate) given: HashMap<&'static str, Given>,
}

pub(crate) struct Given {
    pub(crate) text: String,
    pub(crate) origin: Origin,
    pub(crate) secret: bool,
}

pub(crate) enum Origin {
    Flag(String),
    Variable(String),
    File(PathBuf, &'static str),
    Default(&'static str),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "the flag --{flag}"),
            Self::Variable(name) => write!(f, "the variable {name}"),
            Self::File(path, key) => write!(f, "`{key}` in {}", path.display()),
            Self::Default(name) => write!(f, "the default of `{name}`"),
        }
    }
}

impl Settings {
    /// Reads everything once. Whatever no part of the process knows is an error.
    pub fn load(
        definitions: &Definitions,
        flags: &ArgMatches,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self> {
        let variables = variables(definitions, environment)?;
        let file = flag(flags, CONFIG).or_else(|| variables.get(CONFIG_VARIABLE).cloned());
        let mut table = match &file {
            Some(path) => read_file(Path::new(path))?,
            None => toml::Table::new(),
        };
        let mut given = HashMap::new();
        for setting in definitions.iter() {
            let in_file = table.remove(setting.name).map(|value| (file.as_deref().unwrap_or_default(), value));
            if let Some(mut value) = pick(setting, flags, &variables, in_file)? {
                let length = without_line_break(&value.text).len();
                if length == 0 && setting.secret {
                    return Err(Error::bad_request(format!("{} is empty", value.origin)));
                }
                value.text.truncate(length);
                given.insert(setting.name, value);
            }
        }
        match table.keys().next() {
            None => Ok(Self { file: file.map(PathBuf::from), given }),
            Some(key) => {
                let near = suggestion(key, definitions.iter().map(|setting| setting.name));
                Err(Error::bad_request(format!("{}: there is no setting `{key}`{near}", file.unwrap_or_default())))
            }
        }
    }

    /// The process's own environment. Where PostgreSQL is embedded, the process then forgets every variable of PostgreSQL's clients (`PG*`): they are
    /// about another server. To be called before the process has a second thread.
    pub fn of_process(definitions: &Definitions, flags: &ArgMatches) -> Result<Self> {
        let settings = Self::load(definitions, flags, std::env::vars_os())?;
        if settings.text("database_url").is_none() {
            forget_variables_of_postgres();
        }
        Ok(settings)
    }

    /// Where a setting comes from, for messages.
    pub(crate) fn origin(&self, name: &str) -> String {
        self.given.get(name).map_or_else(|| format!("`{name}`"), |given| given.origin.to_string())
    }

    /// As it was written, without a line break at its end. A variable that is empty counts as not set.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.given.get(name).map(|given| given.text.as_str())
    }

    /// `expected` completes the message "… must be".
    pub fn parsed<T: FromStr>(&self, name: &str, expected: &str) -> Result<Option<T>> {
        self.with(name, expected, |text| text.parse().ok())
    }

    /// `on` or `off`, also as `true` and `false`.
    pub fn switch(&self, name: &str) -> Result<Option<bool>> {
        self.with(name, "on or off", |text| match text {
            "on" | "true" => Some(true),
            "off" | "false" => Some(false),
            _ => None,
        })
    }

    /// Bytes: a number, or one with `KB`, `MB` or `GB` (of 1024).
    pub fn size(&self, name: &str) -> Result<Option<u64>> {
        self.with(name, "a size such as 512MB", |text| {
            let text = text.to_ascii_uppercase();
            let units = [("KB", 10), ("MB", 20), ("GB", 30), ("B", 0), ("", 0)];
            let (digits, shift) = units.iter().find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, *shift)))?;
            digits.trim_end().parse::<u64>().ok()?.checked_mul(1 << shift)
        })
    }

    /// A number with `ms`, `s` or `m`; `0` alone.
    pub fn duration(&self, name: &str) -> Result<Option<Duration>> {
        self.with(name, "a time such as 500ms, 2s or 1m", |text| {
            let units = [("ms", 1), ("s", 1_000), ("m", 60_000)];
            if text == "0" {
                return Some(Duration::ZERO);
            }
            let (digits, unit) = units.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit)))?;
            digits.trim_end().parse::<u64>().ok()?.checked_mul(unit).map(Duration::from_millis)
        })
    }

    /// Reads the text with `read`; None is an error that names where the value was set.
    pub fn with<T>(&self, name: &str, expected: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>> {
        let Some(given) = self.given.get(name) else { return Ok(None) };
        match read(&given.text) {
            Some(value) => Ok(Some(value)),
            None if given.secret => Err(Error::bad_request(format!("{} must be {expected}", given.origin))),
            None => Err(Error::bad_request(format!("{} is `{}`, but must be {expected}", given.origin, shown(&given.text)))),
        }
    }
}

#[expect(
    unsafe_code,
    clippy::disallowed_methods,
    reason = "the driver reads PGOPTIONS for itself and cannot be told not to; no other thread runs yet that could read the environment"
)]
fn forget_variables_of_postgres() {
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"PG") {
            unsafe { std::env::remove_var(&name) };
        }
    }
}

/// A value without the one line break at its end that editors, `echo` and secrets of Kubernetes put there.
pub fn without_line_break(text: &str) -> &str {
    let line = text.strip_suffix('\n').unwrap_or(text);
    if line.len() < text.len() { line.strip_suffix('\r').unwrap_or(line) } else { line }
}

fn shown(text: &str) -> String {
    text.chars().take(200).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn flag(flags: &ArgMatches, name: &str) -> Option<String> {
    flags.try_get_one::<String>(name).ok().flatten().cloned()
}

fn pick(
    setting: &Setting,
    flags: &ArgMatches,
    variables: &HashMap<String, String>,
    in_file: Option<(&str, toml::Value)>,
) -> Result<Option<Given>> {
    let given = |text, origin| Ok(Some(Given { text, origin, secret: setting.secret }));
    if let Some(text) = flag(flags, setting.name) {
        return given(text, Origin::Flag(setting.flag()));
    }
    for variable in [Some(setting.variable()), setting.also.map(str::to_owned)].into_iter().flatten() {
        if let Some(text) = variables.get(&variable) {
            return given(text.clone(), Origin::Variable(variable));
        }
    }
    if let Some((path, value)) = in_file {
        let text = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(switch) => switch.to_string(),
            toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Array(_) | toml::Value::Table(_) => {
                return Err(Error::bad_request(format!(
                    "{path}: `{}` must be a text, a whole number or a boolean",
                    setting.name
                )));
            }
        };
        return given(text, Origin::File(path.into(), setting.name));
    }
    match setting.default {
        Some(text) => given(text.to_owned(), Origin::Default(setting.name)),
        None => Ok(None),
    }
}

/// The variables that are set and not empty: an empty one is how compose files and shells write "none".
fn variables(
    definitions: &Definitions,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<HashMap<String, String>> {
    let mut known: Vec<String> = definitions.iter().map(Setting::variable).collect();
    known.extend(definitions.iter().filter_map(|setting| setting.also.map(str::to_owned)));
    known.push(CONFIG_VARIABLE.to_owned());
    let mut found = HashMap::new();
    for (name, value) in environment {
        let Some(name) = name.to_str() else { continue };
        if !known.iter().any(|known| known == name) {
            if name.starts_with(PREFIX) && !is_of_kubernetes(name) {
                let near = suggestion(name, known.iter().map(String::as_str));
                return Err(Error::bad_request(format!("the variable {name} is not a setting of this program{near}")));
            }
            continue;
        }
        let value = value.into_string().map_err(|_| Error::bad_request(format!("the variable {name} is not UTF-8")))?;
        if !value.is_empty() {
            found.insert(name.to_owned(), value);
        }
    }
    Ok(found)
}

/// Kubernetes gives every container the addresses of the services beside it, so a service called `ddb` makes `DDB_SERVICE_HOST`, `DDB_PORT` and the like.
fn is_of_kubernetes(name: &str) -> bool {
    name == "DDB_PORT" || name.contains("_SERVICE_HOST") || name.contains("_SERVICE_PORT") || name.contains("_PORT_")
}

fn read_file(path: &Path) -> Result<toml::Table> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Error::bad_request(format!("cannot read the settings in {}: {error}", path.display())))?;
    text.parse().map_err(|error: toml::de::Error| {
        // The message of the parser alone: its full form quotes the line, which may hold a secret.
        let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        Error::bad_request(format!("{} is not TOML: line {line}: {}", path.display(), error.message()))
    })
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
