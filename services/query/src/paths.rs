//! Lists of paths as they stand in parameters: `title,project.name`, `-priority,title`.

use ddb_core::{Error, Result};
use ddb_darshjql::{Path, parse_path};
use ddb_database::order_habit;
use ddb_engine::plan::OrderTerm;

/// Paths, terms or links that one list has at most.
const MAX_ITEMS: usize = 64;
/// Steps of one path.
const MAX_STEPS: usize = 8;

/// Paths of fields.
pub(crate) fn fields(parameter: &str, text: &str) -> Result<Vec<Path>> {
    items(parameter, text)?.into_iter().map(|item| path(parameter, item)).collect()
}

/// Terms of an order, descending where a minus stands before them.
pub(crate) fn order(parameter: &str, text: &str) -> Result<Vec<OrderTerm>> {
    let term = |item: &str| {
        if let Some(advice) = order_habit(item) {
            return Err(Error::bad_request(format!("`{parameter}` {advice}")));
        }
        let (item, descending) = match item.strip_prefix('-') {
            Some(item) => (item, true),
            None => (item, false),
        };
        order_term(parameter, item, descending)
    };
    items(parameter, text)?.into_iter().map(term).collect()
}

pub(crate) fn order_term(parameter: &str, text: &str, descending: bool) -> Result<OrderTerm> {
    let path = path(parameter, text)?;
    let names = path.fields().unwrap_or_default().into_iter().map(str::to_owned).collect();
    Ok(OrderTerm { path: names, descending })
}

pub(crate) fn path(parameter: &str, text: &str) -> Result<Path> {
    let path = parse_path(text).map_err(|error| Error::bad_request(format!("`{parameter}`: {}", error.message)))?;
    match path.fields() {
        Some(names) if names.len() <= MAX_STEPS => Ok(path),
        Some(_) => Err(Error::bad_request(format!("`{parameter}`: a path has at most {MAX_STEPS} steps"))),
        None => Err(Error::bad_request(format!("`{parameter}` takes names of fields, joined by `.`"))),
    }
}

/// What stands between commas; those inside of `` `…` `` belong to a name.
fn items<'t>(parameter: &str, text: &'t str) -> Result<Vec<&'t str>> {
    let mut items = Vec::new();
    let (mut start, mut is_quoted) = (0, false);
    for (position, byte) in text.bytes().enumerate() {
        match byte {
            b'`' => is_quoted = !is_quoted,
            b',' if !is_quoted => {
                items.push(text[start..position].trim());
                start = position + 1;
            }
            _ => {}
        }
    }
    items.push(text[start..].trim());
    if items.iter().any(|item| item.is_empty()) {
        return Err(Error::bad_request(format!("`{parameter}` holds an empty item")));
    }
    if items.len() > MAX_ITEMS {
        return Err(Error::bad_request(format!("`{parameter}` has at most {MAX_ITEMS} items")));
    }
    Ok(items)
}
