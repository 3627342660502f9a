//! What erased accounts owned.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use ddb_core::{EntityId, Error, NamespaceId, RecordId, RecordKey, Result, TableName, Tx, Value, attribute, canonical};
use sqlx::{PgConnection, Row};

use super::carry_out::Open;
use super::{Expected, step_if};
use crate::connection::to_error;
use crate::past::Lives;
use crate::projection;
use crate::system::NewErasure;
use crate::{Allowance, Step, Store, SystemRow, Write};

/// Records that are looked at together.
const LOOK: i64 = 5_000;
/// Of those that were once owned by one of the accounts, whose lives are read together.
const LIVES: usize = 500;
/// Records that are erased in one transaction: of those that exist the document, of up to 1 MB, is read under the lock.
const CHUNK: usize = 50;

/// Accounts whose records are all erased, and what went wrong with one of the others.
#[derive(Default)]
pub(super) struct Swept<'o> {
    pub(super) done: Vec<&'o Open>,
    pub(super) failed: Option<Error>,
}

/// Erases every record that belongs to one of the accounts, also those that are deleted: the log still holds what they were. They are found by who owned
/// them, among all records, since nothing leads from an owner to what he deleted. Accounts look through the records together, in passes: who comes while one
/// is under way waits for the next. A pass that was interrupted goes on where it was.
pub(super) async fn sweep<'o>(
    store: &Store,
    connection: &mut PgConnection,
    accounts: Vec<&'o Open>,
    is_over: &(impl Fn() -> bool + Sync),
) -> Swept<'o> {
    // Who has looked furthest goes first, so that those who wait are as many as can be.
    let mut passes: BTreeMap<_, Vec<&Open>> = BTreeMap::new();
    for account in accounts {
        passes.entry((account.namespace, Reverse(account.looked_at))).or_default().push(account);
    }
    let mut swept = Swept::default();
    let mut looked_through = None;
    for ((namespace, Reverse(looked_at)), accounts) in passes {
        if is_over() {
            break;
        }
        // The next pass is for those, too, who came during this one.
        if looked_through == Some(namespace) {
            continue;
        }
        match Pass::of(namespace, looked_at, accounts) {
            Ok(mut pass) => match pass.run(store, connection, is_over).await {
                Ok(is_done) => {
                    looked_through = (!pass.by_owner.is_empty()).then_some(namespace).or(looked_through);
                    swept.failed = pass.failed.or(swept.failed);
                    swept.done.extend(pass.by_owner.into_values().filter(|_| is_done));
                }
                Err(error) => swept.failed = Some(error),
            },
            Err(error) => swept.failed = Some(error),
        }
    }
    swept
}

/// Accounts of a namespace that have looked at the same records so far.
struct Pass<'o> {
    namespace: NamespaceId,
    looked_at: i64,
    by_owner: HashMap<RecordKey, &'o Open>,
    failed: Option<Error>,
}

impl<'o> Pass<'o> {
    fn of(namespace: NamespaceId, looked_at: i64, accounts: Vec<&'o Open>) -> Result<Self> {
        let mut by_owner = HashMap::with_capacity(accounts.len());
        for account in accounts {
            if let Some(owner) = &account.owner {
                by_owner.insert(projection::decode_key(owner)?, account);
            }
        }
        Ok(Self { namespace, looked_at, by_owner, failed: None })
    }

    /// False where the time was over before the end. Whose records cannot be erased does not keep the others waiting: he leaves the pass.
    async fn run(&mut self, store: &Store, connection: &mut PgConnection, is_over: &(impl Fn() -> bool + Sync)) -> Result<bool> {
        while !self.by_owner.is_empty() {
            let (last, entities) = self.once_owned(connection).await?;
            let Some(last) = last else { return Ok(true) };
            let mut his: HashMap<RecordKey, Vec<i64>> = HashMap::new();
            for entities in entities.chunks(LIVES) {
                let head = store.head(self.namespace).await?;
                let lives = Lives::load(&mut *connection, self.namespace, entities, head).await?;
                for entity in entities {
                    let owner = lives.get(entity).and_then(Lives::last_owner);
                    if let Some(owner) = owner.filter(|owner| self.by_owner.contains_key(*owner)) {
                        his.entry(owner.clone()).or_default().push(*entity);
                    }
                }
            }
            for (owner, entities) in his {
                let account = self.by_owner[&owner];
                match erase(store, connection, account, &owner, &entities, is_over).await {
                    Ok(true) => {}
                    Ok(false) => return Ok(false),
                    Err(error) => {
                        self.by_owner.remove(&owner);
                        self.failed = Some(error);
                    }
                }
            }
            self.looked_at = last;
            self.remember(connection).await?;
            if is_over() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The last of the next entities, None behind the last of all, and those of them with a name that have ever had one of the owners.
    async fn once_owned(&self, connection: &mut PgConnection) -> Result<(Option<i64>, Vec<i64>)> {
        let value = |owner: &RecordKey| canonical::encode(&Value::from(RecordId::new(TableName::user(), owner.clone())));
        let row = sqlx::query(
            "
            with looked as (
                select id, key
                from ddb.entity
                where namespace = $1 and id > $2
                order by id
                limit $5
            )
            select
                (select max(id) from looked),
                array(
                    select l.id
                    from looked l
                    where l.key is not null
                      and exists (
                          select from ddb.triple f
                          where f.namespace = $1 and f.entity = l.id and f.attribute = $3 and f.value = any($4)
                      )
                    order by l.id
                )
            ",
        )
        .bind(self.namespace.0)
        .bind(self.looked_at)
        .bind(attribute::OWNER.0)
        .bind(self.by_owner.keys().map(value).collect::<Vec<_>>())
        .bind(LOOK)
        .fetch_one(connection)
        .await
        .map_err(to_error)?;
        Ok((row.try_get(0).map_err(to_error)?, row.try_get(1).map_err(to_error)?))
    }

    async fn remember(&self, connection: &mut PgConnection) -> Result<()> {
        sqlx::query("update ddb.erasure set looked_at = $3 where namespace = $1 and entity = any($2)")
            .bind(self.namespace.0)
            .bind(self.by_owner.values().map(|account| account.entity).collect::<Vec<_>>())
            .bind(self.looked_at)
            .execute(connection)
            .await
            .map_err(to_error)?;
        Ok(())
    }
}

/// Erases records that are the owner's; false where the time was over before the end.
async fn erase(
    store: &Store,
    connection: &mut PgConnection,
    account: &Open,
    owner: &RecordKey,
    entities: &[i64],
    is_over: &(impl Fn() -> bool + Sync),
) -> Result<bool> {
    for entities in entities.chunks(CHUNK) {
        let steps = steps(connection, account, entities, owner).await?;
        if !steps.is_empty() {
            let system = vec![SystemRow::Erasure(NewErasure { account: None })];
            let namespace = account.namespace;
            store.write(Write { namespace, actor: None, request: None, steps, allowance: Allowance::ANY, system }).await?;
        }
        if is_over() {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn steps(connection: &mut PgConnection, account: &Open, entities: &[i64], owner: &RecordKey) -> Result<Vec<Step>> {
    let rows = sqlx::query(
        "
        select t.name, e.key, e.id
        from ddb.entity e
        join ddb.data_table t on t.namespace = e.namespace and t.id = e.table_id
        where e.namespace = $1 and e.id = any($2) and e.key is not null
        ",
    )
    .bind(account.namespace.0)
    .bind(entities)
    .fetch_all(connection)
    .await
    .map_err(to_error)?;
    let reason = format!("{} (its owner was erased in transaction {})", account.reason, Tx(account.tx));
    let mut steps = Vec::with_capacity(rows.len());
    for row in &rows {
        let table = TableName::parse(row.try_get(0).map_err(to_error)?)?;
        let key = projection::decode_key(row.try_get(1).map_err(to_error)?)?;
        let entity = EntityId(row.try_get(2).map_err(to_error)?);
        let expected = Expected { entity, owner: Some(owner.clone()) };
        steps.push(step_if(RecordId::new(table, key), reason.clone(), expected));
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use ddb_core::Object;
    use ddb_testkit::Database;
    use sqlx::Connection;

    use super::super::carry_out::open;
    use super::super::step;
    use super::*;
    use crate::system::ErasedAccount;
    use crate::{Change, Config};

    const RECORDS: i64 = 120;

    fn made(table: &str, key: RecordKey) -> Step {
        let ada = RecordKey::String("ada".to_owned());
        let decide =
            move |_: crate::Current<'_>| Ok(Change::Create { fields: Object::new(), owner: Some(ada.clone()), expires: None });
        let table = TableName::parse(table).expect("a name");
        Step { table, key, makes_table: true, past: None, decide: Box::new(decide) }
    }

    /// Mutants: `sweep` takes for done whose time was over; `run` remembers the last name that it looks at before it erases.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_pass_that_is_interrupted_goes_on() {
        let database = Database::new().await;
        let store = Store::open(Config::new(database.options())).await.expect("the store opens");
        let ada = RecordKey::String("ada".to_owned());
        let write = |steps, system| Write {
            namespace: NamespaceId::MAIN,
            actor: None,
            request: None,
            allowance: Allowance::ANY,
            steps,
            system,
        };
        store.write(write(vec![made("user", ada.clone())], Vec::new())).await.expect("a user");
        let records = (0..RECORDS).map(|n| made("notes", RecordKey::Int(n))).collect();
        store.write(write(records, Vec::new())).await.expect("notes");
        let account = ErasedAccount { id: "ada".to_owned(), notice: String::new(), may_be_last_admin: true };
        let system = vec![SystemRow::Erasure(NewErasure { account: Some(account) })];
        let erased = step(RecordId::new(TableName::user(), ada), "asked for".to_owned());
        store.write(write(vec![erased], system)).await.expect("an erasure");

        let mut connection = PgConnection::connect_with(&database.options()).await.expect("a connection");
        let mut session = database.connect().await;
        let mut left = async || session.value("select count(*)::text from ddb.entity where key is not null").await;
        for (asks, expected) in [(1, "70"), (2, "0"), (usize::MAX, "0")] {
            let accounts = open(&mut connection).await.expect("erasures");
            let accounts: Vec<&Open> = accounts.iter().filter(|erasure| erasure.owner.is_some()).collect();
            let asked = AtomicUsize::new(0);
            let is_over = || asked.fetch_add(1, Ordering::Relaxed) >= asks;
            let swept = sweep(&store, &mut connection, accounts, &is_over).await;
            assert!(swept.failed.is_none());
            assert_eq!((left().await.as_str(), swept.done.len()), (expected, usize::from(asks == usize::MAX)), "{asks}");
        }
        connection.close().await.expect("closed");
        store.close().await;
    }
}
