use ddb_access::{Authorized, Rows};
use ddb_core::{NamespaceId, Object, RecordId, RecordKey, Result, TableName, Tx, Warning};
use ddb_darshjql::Path;
use ddb_store::{Record, Store};

use super::list::names_of;
use super::{Answer, Session, absent};
use crate::select::{Reader, expand, full, pick};

/// How a record is shown: some of its fields, links replaced by what they lead to.
#[derive(Debug, Clone, Default)]
pub struct Form {
    pub fields: Option<Vec<Path>>,
    pub expand: Vec<Path>,
}

/// A record in such a form.
#[derive(Debug, Clone)]
pub struct Shown {
    pub object: Object,
    /// The record's last change.
    pub changed: Tx,
    pub warnings: Vec<Warning>,
}

/// One record.
struct ByKey<'a> {
    table: &'a TableName,
    key: &'a RecordKey,
}

impl Session {
    /// 404 where the record is absent, has expired, or is not the caller's to see.
    pub async fn get(&self, table: &TableName, key: &RecordKey) -> Result<Answer<Record>> {
        let read = Authorized::read(self.policy(table), &self.principal, ByKey { table, key });
        run(self.database.store(), self.namespace, &read).await
    }

    /// The record in a form, from one state with what it links to. 404 as for [`Session::get`].
    pub async fn get_shown(&self, table: &TableName, key: &RecordKey, form: Form) -> Result<Answer<Shown>> {
        let id = RecordId::new(table.clone(), key.clone());
        if matches!(self.policy(table).visible(&self.principal), Rows::Nothing) {
            return Err(absent(table, key));
        }
        let mut reader = Reader::new(self, Object::new());
        reader.hold_still().await?;
        reader.fetch(vec![id.clone()]).await?;
        let Some(record) = reader.links.get(&id).cloned() else {
            reader.finish().await?;
            return Err(absent(table, key));
        };
        let records = std::slice::from_ref(&*record);
        let Form { fields, expand: links } = form;
        let mut objects = match &fields {
            Some(fields) => pick(&mut reader, fields, records).await?,
            None => vec![full(&record)],
        };
        expand(&mut reader, &links, &mut objects).await?;
        reader.tell_unknown(table, names_of(None, &[], &links), records).await?;
        let warnings = reader.take_warnings();
        let (tx, _) = reader.finish().await?;
        let object = objects.pop().unwrap_or_default();
        Ok(Answer { data: Shown { object, changed: record.tx, warnings }, tx })
    }
}

async fn run(store: &Store, namespace: NamespaceId, read: &Authorized<ByKey<'_>>) -> Result<Answer<Record>> {
    let ByKey { table, key } = read.query();
    let found = store.get(namespace, table, key).await?;
    let record = found.data.filter(|record| read.rows().contain(record.owner.as_ref()));
    Ok(Answer { data: record.ok_or_else(|| absent(table, key))?, tx: found.tx })
}
