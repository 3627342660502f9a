//! What is asked of each table, and of what its records lead to.

use ddb_core::json::Json;
use ddb_core::{Error, Result, TableName, suggestion};
use ddb_darshjql::{Path, parse_path};
use ddb_engine::filter::Filter;
use ddb_engine::plan::OrderTerm;

use super::filter::{filter, shown};

/// Tables of one query.
const MAX_TABLES: usize = 16;
/// Tables and nested keys of one query.
const MAX_QUESTIONS: usize = 32;
/// Levels of nesting.
const MAX_DEPTH: usize = 6;
const MAX_ITEMS: usize = 64;
/// Bytes of the name of a result.
const MAX_NAME: usize = 128;
const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: i64 = 1_000;
/// Records that a question can skip.
const MAX_OFFSET: i64 = 10_000;

/// A query in the JSON form that was read but not asked yet: tables by name, in the order of the body.
#[derive(Debug)]
pub struct JsonQuery(pub(crate) Vec<Asked>);

/// A question about a table, and the name of its result, which is that of the table unless `$table` names another.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) name: String,
    pub(crate) table: TableName,
    pub(crate) question: Question,
}

/// What is asked of a table, or of the records that others lead to.
#[derive(Debug, Default)]
pub(crate) struct Question {
    pub(crate) filter: Option<Filter>,
    pub(crate) order: Vec<OrderTerm>,
    /// Of nested records: for each record that leads to them.
    pub(crate) limit: usize,
    pub(crate) offset: usize,
    pub(crate) cursor: Option<String>,
    pub(crate) fields: Option<Vec<Path>>,
    /// The table that is asked, where its name is not that of the result.
    pub(crate) table: Option<TableName>,
    /// The field of the nested table by which its records link to the outer ones.
    pub(crate) via: Option<String>,
    pub(crate) nested: Vec<(String, Question)>,
}

impl Question {
    /// With those that are nested in it.
    fn count(&self) -> usize {
        1 + self.nested.iter().map(|(_, nested)| nested.count()).sum::<usize>()
    }
}

impl JsonQuery {
    /// 400 for what is no query.
    pub fn parse(body: Json) -> Result<Self> {
        let Json::Object(members) = body else { return Err(Error::bad_request("a query is an object: each key names a table")) };
        if members.len() > MAX_TABLES {
            return Err(Error::bad_request(format!("a query names at most {MAX_TABLES} tables")));
        }
        let mut tables = Vec::with_capacity(members.len());
        for (name, json) in members {
            let question = question(json, &shown(&name), 0)?;
            let table = match &question.table {
                Some(table) => {
                    check_name(&name)?;
                    table.clone()
                }
                None if name.starts_with('$') => {
                    let advice = "stands in a table, as in `{\"tasks\":{\"$where\":{…}}}`";
                    return Err(wrong(&shown(&name), advice));
                }
                None => TableName::parse(&name)?,
            };
            tables.push(Asked { name, table, question });
        }
        if tables.iter().map(|asked| asked.question.count()).sum::<usize>() > MAX_QUESTIONS {
            return Err(Error::bad_request(format!("a query has at most {MAX_QUESTIONS} tables and nested keys")));
        }
        Ok(Self(tables))
    }
}

fn question(json: Json, place: &str, depth: usize) -> Result<Question> {
    if depth > MAX_DEPTH {
        return Err(Error::bad_request(format!("a query nests at most {MAX_DEPTH} levels")));
    }
    let Json::Object(members) = json else { return Err(wrong(place, "must be an object")) };
    let mut question = Question { limit: DEFAULT_LIMIT, ..Question::default() };
    for (name, json) in members {
        let place = format!("{place}.{}", shown(&name));
        match name.as_str() {
            "$where" => question.filter = Some(filter(json, &place)?),
            "$order" => question.order = order(json, &place)?,
            "$limit" => question.limit = number(&json, 1, MAX_LIMIT, &place)?,
            "$offset" => question.offset = number(&json, 0, MAX_OFFSET, &place)?,
            "$cursor" if depth == 0 => question.cursor = Some(string(json, &place)?),
            "$fields" => question.fields = Some(fields(json, &place)?),
            "$via" if depth > 0 => question.via = Some(string(json, &place)?),
            "$table" => question.table = Some(TableName::parse(&string(json, &place)?)?),
            name if name.starts_with('$') => return Err(unknown_key(name, &place, depth)),
            _ => {
                let inner = self::question(json, &place, depth + 1)?;
                question.nested.push((name, inner));
            }
        }
    }
    if question.cursor.is_some() && question.offset > 0 {
        return Err(wrong(place, "has a cursor and an offset: a place is given once"));
    }
    Ok(question)
}

/// The name of a result that is no table's.
fn check_name(name: &str) -> Result<()> {
    let is_good = !name.is_empty() && name.len() <= MAX_NAME && !name.chars().any(char::is_control);
    if is_good { Ok(()) } else { Err(Error::bad_request(format!("the name of a result has 1 to {MAX_NAME} bytes"))) }
}

/// A key that this version does not know: which was meant, and which there are.
fn unknown_key(name: &str, place: &str, depth: usize) -> Error {
    let keys: &[&str] = if depth == 0 {
        &["$table", "$where", "$order", "$limit", "$offset", "$cursor", "$fields"]
    } else {
        &["$table", "$via", "$where", "$order", "$limit", "$offset", "$fields"]
    };
    let hint = match name {
        "$filter" | "$match" | "$query" => "; did you mean `$where`?".to_owned(),
        "$sort" | "$orderby" | "$order_by" | "$orderBy" => "; did you mean `$order`?".to_owned(),
        "$skip" => "; did you mean `$offset`?".to_owned(),
        "$select" | "$project" => "; did you mean `$fields`?".to_owned(),
        "$take" | "$top" | "$first" => "; did you mean `$limit`?".to_owned(),
        "$and" | "$or" | "$not" => "; it stands in `$where`".to_owned(),
        name => suggestion(name, keys.iter().copied()),
    };
    let all: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    let all = all.join(" ");
    let separator = if hint.ends_with('?') { "" } else { ";" };
    wrong(place, &format!("is not known to this version{hint}{separator} there are {all}"))
}

/// `{"created":"desc"}`, `[{"priority":"desc"},"title"]` or `"-priority"`.
fn order(json: Json, place: &str) -> Result<Vec<OrderTerm>> {
    let mut terms = Vec::new();
    match json {
        Json::Array(items) => {
            for (position, item) in items.into_iter().enumerate() {
                terms.extend(order_item(item, &format!("{place}[{position}]"))?);
            }
        }
        item => terms.extend(order_item(item, place)?),
    }
    if terms.len() > MAX_ITEMS {
        return Err(wrong(place, "has too many terms"));
    }
    Ok(terms)
}

fn order_item(json: Json, place: &str) -> Result<Vec<OrderTerm>> {
    match json {
        Json::String(text) => {
            if let Some(advice) = order_habit(&text) {
                return Err(wrong(place, &advice));
            }
            let (name, descending) = text.strip_prefix('-').map_or((text.as_str(), false), |name| (name, true));
            Ok(vec![term(name, descending, place)?])
        }
        Json::Object(members) => {
            let mut terms = Vec::with_capacity(members.len());
            for (name, direction) in members {
                let descending = match direction {
                    Json::String(text) if text.eq_ignore_ascii_case("asc") => false,
                    Json::String(text) if text.eq_ignore_ascii_case("desc") => true,
                    _ => return Err(wrong(&format!("{place}.{}", shown(&name)), "must be \"asc\" or \"desc\"")),
                };
                terms.push(term(&name, descending, place)?);
            }
            Ok(terms)
        }
        _ => Err(wrong(place, "must name fields and directions")),
    }
}

fn term(name: &str, descending: bool, place: &str) -> Result<OrderTerm> {
    let path = path(name, place)?;
    Ok(OrderTerm { path: path.fields().unwrap_or_default().into_iter().map(str::to_owned).collect(), descending })
}

/// `priority desc`, as SQL writes an order: what to write instead.
pub fn order_habit(item: &str) -> Option<String> {
    let (name, direction) = item.trim().rsplit_once(char::is_whitespace)?;
    let name = name.trim().trim_start_matches('-');
    let name = shown(name);
    match direction.to_ascii_lowercase().as_str() {
        "desc" | "descending" => Some(format!("does not know `desc`: write `-{name}`")),
        "asc" | "ascending" => Some(format!("does not know `asc`: write `{name}`")),
        _ => None,
    }
}

fn fields(json: Json, place: &str) -> Result<Vec<Path>> {
    let Json::Array(items) = json else { return Err(wrong(place, "must be an array of fields")) };
    if items.len() > MAX_ITEMS {
        return Err(wrong(place, "has too many fields"));
    }
    let mut paths = Vec::with_capacity(items.len());
    for (position, item) in items.into_iter().enumerate() {
        let place = format!("{place}[{position}]");
        paths.push(path(&string(item, &place)?, &place)?);
    }
    Ok(paths)
}

fn path(text: &str, place: &str) -> Result<Path> {
    let path = parse_path(text).map_err(|error| wrong(place, &format!("is not a path of fields: {}", error.message)))?;
    match path.fields() {
        Some(names) if names.len() <= MAX_DEPTH => Ok(path),
        _ => Err(wrong(place, &format!("is not a path of at most {MAX_DEPTH} fields"))),
    }
}

fn number(json: &Json, least: i64, most: i64, place: &str) -> Result<usize> {
    match json {
        Json::Int(int) if (least..=most).contains(int) => Ok(usize::try_from(*int).unwrap_or_default()),
        _ => Err(wrong(place, &format!("must be a whole number from {least} to {most}"))),
    }
}

fn string(json: Json, place: &str) -> Result<String> {
    match json {
        Json::String(text) => Ok(text),
        _ => Err(wrong(place, "must be a string")),
    }
}

fn wrong(place: &str, what: &str) -> Error {
    Error::bad_request(format!("`{place}` {what}"))
}
