use std::sync::Arc;

use ddb_core::{Error, Object, Principal, Record, RecordId, Result, TableName, Value, Warning, WarningCode};
use ddb_darshjql::{Expr, Path};
use ddb_engine::filter::{Filter, Form, names};
use ddb_engine::plan::{OrderTerm, Position};
use sha2::{Digest, Sha256};

use super::{Answer, Session};
use crate::answers::Source;
use crate::select::{Named, Reader, Select, expand, full, leads_over_link, pick, position};
use crate::{cursor, place};

/// Records of one page at most.
pub const MAX_LIMIT: u32 = 1_000;

/// What is asked of a list.
#[derive(Debug, Clone)]
pub struct ListRequest {
    pub filter: Option<Expr>,
    /// What names with a `$` mean in the filter.
    pub parameters: Object,
    pub order: Vec<OrderTerm>,
    /// 1 to [`MAX_LIMIT`].
    pub limit: u32,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// Only these fields.
    pub fields: Option<Vec<Path>>,
    /// Links that are replaced by what they lead to.
    pub expand: Vec<Path>,
    pub count: Option<Count>,
}

/// How many records there are on all pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    Exact,
    /// May be somewhat old; never tells more than an exact count of what the caller may see.
    Estimate,
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Page {
    pub rows: PageRows,
    /// Where the next page begins; None on the last.
    pub next_cursor: Option<String>,
    pub total: Option<u64>,
    /// What the caller probably wants to know.
    pub warnings: Vec<Warning>,
}

/// Whole records, or objects where fields were chosen or links followed.
#[derive(Debug, Clone)]
pub enum PageRows {
    Records(Vec<Record>),
    Objects(Vec<Object>),
}

impl Session {
    /// What the caller may see of a table.
    pub async fn list(&self, table: &TableName, request: ListRequest) -> Result<Answer<Page>> {
        Ok(self.read_list(table, request).await?.0)
    }

    /// The same as `render` writes it; `form` tells how that is. It may be an answer of before that is still true.
    pub async fn list_as(
        &self,
        table: &TableName,
        request: ListRequest,
        form: &str,
        render: impl FnOnce(&Page) -> Vec<u8>,
    ) -> Result<Answer<Arc<[u8]>>> {
        let key = self.key_of(&("list", form, table, &request));
        self.answered(key, self.read_list(table, request), render).await
    }

    async fn read_list(&self, table: &TableName, request: ListRequest) -> Result<(Answer<Page>, Source)> {
        if !(1..=MAX_LIMIT).contains(&request.limit) {
            return Err(Error::bad_request(format!("`limit` must be a whole number from 1 to {MAX_LIMIT}")));
        }
        let list = list_name("list", table, request.filter.as_ref(), &request.parameters, &request.order);
        let cursor_key = &self.database.inner.cursor_key;
        let after = request.cursor.as_deref().map(|text| -> Result<Position> {
            let bytes = cursor::open(cursor_key, self.cursor_caller(), &list, text)?;
            place::decode(&bytes).filter(|place| place.parts.len() == request.order.len()).ok_or_else(cursor::refused)
        });
        let parameters = with_auth(request.parameters, self.principal())?;
        let names = names_of(request.filter.as_ref(), &request.order, &request.expand);
        let filter = request.filter.map(|expr| Filter { expr, form: Form::Text });
        if let Some(filter) = &filter {
            filter.check(&parameters)?;
        }
        let mut reader = Reader::new(self, parameters);
        let select = Select {
            table: table.clone(),
            filter,
            order: request.order,
            after: after.transpose()?,
            limit: request.limit as usize,
        };
        let read = reader.authorize(select);
        if request.count.is_some() || request.fields.is_some() || !request.expand.is_empty() {
            reader.hold_still().await?;
        }
        reader.expect_table(table).await?;
        let selected = reader.select(&read).await?;
        let next_cursor = match selected.records.last() {
            Some(last) if selected.has_more => {
                let place = place::encode(&position(last, &read.query().order)?)?;
                Some(cursor::seal(cursor_key, self.cursor_caller(), &list, &place)?)
            }
            _ => None,
        };
        let (total, failures) = match request.count {
            Some(_) => {
                let (total, failures) = reader.count(&read).await?;
                (Some(total), failures.or(selected.failures))
            }
            None => (None, selected.failures),
        };
        failures.warning(table.as_str()).into_iter().for_each(|warning| reader.warn(warning));
        warn_of_order(&mut reader, &read.query().order, &selected.records);
        reader.tell_unknown(table, names, &selected.records).await?;
        let rows = match &request.fields {
            None if request.expand.is_empty() => PageRows::Records(selected.records),
            fields => {
                let mut objects = match fields {
                    Some(fields) => pick(&mut reader, fields, &selected.records).await?,
                    None => selected.records.iter().map(full).collect(),
                };
                expand(&mut reader, &request.expand, &mut objects).await?;
                PageRows::Objects(objects)
            }
        };
        let warnings = reader.take_warnings();
        let (tx, source) = reader.finish().await?;
        Ok((Answer { data: Page { rows, next_cursor, total, warnings }, tx }, source))
    }
}

/// `$auth` is the caller's record, NONE for the anonymous. 400 for a variable of that or another name of the server's.
fn with_auth(mut parameters: Object, principal: &Principal) -> Result<Object> {
    for name in ["auth", "token", "session", "this", "parent"] {
        if parameters.contains_key(name) {
            return Err(Error::bad_request(format!("`vars` must not hold `{name}`: the server gives `${name}`")));
        }
    }
    if let Some(key) = principal.user_key() {
        let record = RecordId::new(TableName::user(), key.clone());
        parameters.insert("auth".to_owned(), Value::from(record));
    }
    Ok(parameters)
}

/// The fields that a question names.
pub(super) fn names_of(filter: Option<&Expr>, order: &[OrderTerm], expand: &[Path]) -> Vec<Named> {
    let filtered = filter.map(names).unwrap_or_default();
    let expanded: Vec<Vec<String>> =
        expand.iter().filter_map(Path::fields).map(|path| path.into_iter().map(str::to_owned).collect()).collect();
    let of_filter = Named::of("where", filtered.iter().map(Vec::as_slice));
    let of_order = Named::of("order", order.iter().map(|term| term.path.as_slice()));
    of_filter.chain(of_order).chain(Named::of("expand", expanded.iter().map(Vec::as_slice))).collect()
}

/// An order does not lead over links: records are ordered as if there were nothing behind one.
pub(super) fn warn_of_order(reader: &mut Reader<'_>, order: &[OrderTerm], records: &[Record]) {
    for term in order.iter().filter(|term| term.path.len() > 1) {
        if records.iter().any(|record| leads_over_link(&record.fields, &term.path)) {
            let path = term.path.join(".");
            let message = format!(
                "`order` does not lead over links: records whose `{path}` lies behind one are ordered as if they had none"
            );
            reader.warn(Warning::new(WarningCode::Kind, message).of_field(path));
        }
    }
}

/// Names a list, so that its cursors are good for no other: another table, order, filter or other values in it.
pub(super) fn list_name(
    form: &str,
    table: &TableName,
    filter: Option<&Expr>,
    parameters: &Object,
    order: &[OrderTerm],
) -> String {
    let mut hash = Sha256::new();
    if let Some(filter) = filter {
        hash.update(filter.to_string());
        hash.update([0]);
        hash.update(ddb_core::doc::encode(parameters));
    }
    for term in order {
        hash.update(format!("\n{}{:?}", if term.descending { "-" } else { "" }, term.path));
    }
    let hash: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{form} {table} {hash}")
}
