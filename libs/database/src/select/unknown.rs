//! Names that no record has. A misspelt field filters, orders and expands nothing, so the answer warns of it.

use ddb_access::Rows;
use ddb_core::{Object, Record, Result, TableName, Value, Warning, WarningCode, sort_key, suggestion};
use ddb_store::HadField;

use super::reader::Reader;

/// Names of one question that are looked up.
const MAX_NAMES: usize = 8;
/// What the system gives every record, or can give it.
const SYSTEM: [&str; 6] = ["id", "_owner", "_tx", "_expires", "created", "updated"];

/// A field that a question names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    /// Where: `where`, `order`, `expand`.
    pub(crate) place: &'static str,
    pub(crate) name: String,
}

impl Named {
    /// The first names of some paths.
    pub(crate) fn of<'p>(place: &'static str, paths: impl IntoIterator<Item = &'p [String]>) -> impl Iterator<Item = Self> {
        paths.into_iter().filter_map(move |path| path.first().map(|name| Self { place, name: name.clone() }))
    }
}

impl Reader<'_> {
    /// Warns of names that no record that the caller may know of ever had. Only names that no record of the page has are looked up, and only among what
    /// the caller may see, so that a missing warning tells nothing of the records of others.
    pub(crate) async fn tell_unknown(&mut self, table: &TableName, mut names: Vec<Named>, page: &[Record]) -> Result<()> {
        names.retain(|named| {
            !SYSTEM.contains(&named.name.as_str()) && !page.iter().any(|record| record.fields.contains_key(&named.name))
        });
        names.dedup_by(|a, b| a.name == b.name);
        names.truncate(MAX_NAMES);
        if names.is_empty() {
            return Ok(());
        }
        let owner = match self.session.policy(table).visible(&self.session.principal) {
            Rows::Nothing => return Ok(()),
            Rows::All => None,
            Rows::OwnedBy(key) => Some(sort_key::encode_record_key(&key)?),
        };
        let Some(shape) = self.shape(table).await? else { return Ok(()) };
        let (inner, namespace) = (self.session.database.inner.clone(), self.session.namespace);
        for named in names {
            let known = (namespace, shape.id, owner.clone(), named.name.clone());
            if inner.known_fields.get(&known).is_some() {
                continue;
            }
            // The warning is a hint: if the look-up fails, the answer has none.
            let had = inner.store.had_field(namespace, &shape, owner.as_deref(), &named.name).await;
            match had.unwrap_or(HadField::Unsure) {
                HadField::Yes => inner.known_fields.insert(known, ()),
                HadField::No => self.warn(unknown(&named, page)),
                HadField::Unsure => {}
            }
        }
        Ok(())
    }
}

fn unknown(named: &Named, page: &[Record]) -> Warning {
    let Named { place, name } = named;
    let known = page.iter().take(1).flat_map(|record| record.fields.keys()).map(String::as_str).chain(SYSTEM);
    let mut hint = suggestion(name, known);
    if hint.is_empty() && *place == "where" {
        hint = "; a text stands in quotes".to_owned();
    }
    let message = format!("`{place}` names `{name}`, which no record that you may read has or had{hint}");
    Warning::new(WarningCode::UnknownField, message).of_field(name.clone())
}

/// The place up to which a path leads over a link, where it leads further.
pub(crate) fn leads_over_link(fields: &Object, path: &[String]) -> bool {
    let Some((name, rest)) = path.split_first() else { return false };
    fields.get(name).is_some_and(|value| over_link(value, rest))
}

fn over_link(value: &Value, path: &[String]) -> bool {
    match value {
        _ if path.is_empty() => false,
        Value::Record(_) => true,
        Value::Object(object) => leads_over_link(object, path),
        Value::Array(items) => items.iter().any(|item| over_link(item, path)),
        _ => false,
    }
}
