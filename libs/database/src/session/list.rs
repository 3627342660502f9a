use std::sync::Arc;

use ddb_core::{Error, Object, Record, Result, TableName};
use ddb_darshjql::{Expr, Path};
use ddb_engine::plan::{OrderTerm, Position};
use sha2::{Digest, Sha256};

use super::{Answer, Session};
use crate::answers::Source;
use crate::select::{Reader, Select, expand, full, pick, position};
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
        let mut reader = Reader::new(self, request.parameters);
        let select = Select {
            table: table.clone(),
            filter: request.filter,
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
        let total = match request.count {
            Some(_) => Some(reader.count(&read).await?),
            None => None,
        };
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
        let (tx, source) = reader.finish().await?;
        Ok((Answer { data: Page { rows, next_cursor, total }, tx }, source))
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
