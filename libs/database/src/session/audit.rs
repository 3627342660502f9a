use ddb_access::{Authorized, Policy, Rows};
use ddb_core::chain::Proof;
use ddb_core::{Error, NamespaceId, RecordKey, Result, TableName, Tx};
use ddb_store::{AuditHead, AuditTransaction, Store};

use super::{Answer, Session, absent};

/// One transaction.
struct ByNumber(Tx);

/// What a transaction said of one record.
struct ProofOf<'a> {
    table: &'a TableName,
    key: &'a RecordKey,
    tx: Option<Tx>,
    to: Option<Tx>,
}

impl Session {
    /// The newest transaction and its hash. For admins.
    pub async fn audit_head(&self) -> Result<AuditHead> {
        self.require_admin()?;
        self.database.store().audit_head(self.namespace).await
    }

    /// A transaction with those of its facts that the caller may read, and the hashes of all. 404 where there are none, or the transaction is still to
    /// come.
    pub async fn audit_transaction(&self, tx: Tx) -> Result<Answer<AuditTransaction>> {
        // It may touch several tables; in this version every one has the policy of those without PERMISSIONS.
        let read = Authorized::read(Policy::Private, &self.principal, ByNumber(tx));
        run_transaction(self.database.store(), self.namespace, &read).await
    }

    /// A proof that what transaction `tx` (None: the newest that the caller may read) said of a record is in the chain; up to transaction `to` for admins, since
    /// the transactions between tell when others wrote. 404 where the caller may read nothing of it.
    pub async fn prove(&self, table: &TableName, key: &RecordKey, tx: Option<Tx>, to: Option<Tx>) -> Result<Answer<Proof>> {
        if to.is_some() {
            self.require_admin()?;
        }
        let read = Authorized::read(self.policy(table), &self.principal, ProofOf { table, key, tx, to });
        run_proof(self.database.store(), self.namespace, &read).await
    }
}

async fn run_transaction(store: &Store, namespace: NamespaceId, read: &Authorized<ByNumber>) -> Result<Answer<AuditTransaction>> {
    let ByNumber(tx) = *read.query();
    if matches!(read.rows(), Rows::Nothing) {
        // Before anything is looked up: how long it takes would tell how large the transaction is.
        return Err(Error::not_found(format!("there is no transaction {tx}")));
    }
    let found = store.audit_transaction(namespace, tx, &|owner| read.rows().contain(owner)).await?;
    let transaction = found.data.ok_or_else(|| Error::not_found(format!("there is no transaction {tx}")))?;
    Ok(Answer { data: transaction, tx: found.tx })
}

async fn run_proof(store: &Store, namespace: NamespaceId, read: &Authorized<ProofOf<'_>>) -> Result<Answer<Proof>> {
    let ProofOf { table, key, tx, to } = *read.query();
    if matches!(read.rows(), Rows::Nothing) {
        return Err(absent(table, key));
    }
    let found = store.prove(namespace, (table, key), (tx, to), &|owner| read.rows().contain(owner)).await?;
    Ok(Answer { data: found.data.ok_or_else(|| absent(table, key))?, tx: found.tx })
}
