use ddb_core::{NamespaceId, Uuid};
use ddb_store::system::{NewAccount, NewSession};
use ddb_store::{Allowance, SystemRow, Write};
use ddb_testkit::Database;
use sqlx::Row;

use super::support::{create, fields, key, store};

/// Mutant: the columns of `insert_accounts` in another order; the roles of one row for all.
#[tokio::test(flavor = "multi_thread")]
async fn the_system_rows_of_a_group_keep_what_is_theirs() {
    let database = Database::new().await;
    let store = store(&database).await;
    let writes = (0..40).map(|n: usize| {
        let store = store.clone();
        let account = NewAccount {
            id: format!("account{n}"),
            email: format!("{n}@example.com"),
            password_hash: n.is_multiple_of(2).then(|| format!("hash{n}")),
            roles: ["admin", "root", "editor"].iter().take(n % 4).map(|role| (*role).to_owned()).collect(),
            verified: n.is_multiple_of(3),
        };
        let session = NewSession {
            id: Uuid::from_u128(n as u128 + 1),
            account: account.id.clone(),
            user_agent: n.is_multiple_of(5).then(|| format!("agent{n}")),
            address: None,
        };
        tokio::spawn(async move {
            let steps = vec![create("user", key(&account.id), fields(&[]))];
            let system = vec![SystemRow::Account(account), SystemRow::Session(session)];
            store
                .write(Write {
                    namespace: NamespaceId::MAIN,
                    actor: None,
                    request: None,
                    allowance: Allowance::ANY,
                    steps,
                    system,
                })
                .await
        })
    });
    for written in futures::future::join_all(writes).await {
        written.expect("the task ends").expect("a sign-up");
    }
    let rows = sqlx::query(
        "
        select a.id, a.email, a.password_hash, array_to_string(a.roles, '+'), a.verified, s.id::text, s.user_agent,
               s.address is null and s.created_at = a.created_at and s.rotated_at = a.created_at and a.created_at > 0
        from ddb.account a join ddb.session s on s.namespace = a.namespace and s.account = a.id
        ",
    )
    .fetch_all(store.pool())
    .await
    .expect("rows");
    assert_eq!(rows.len(), 40);
    for row in rows {
        let id: String = row.get(0);
        let n: usize = id.strip_prefix("account").and_then(|n| n.parse().ok()).expect("a number");
        assert_eq!(row.get::<String, _>(1), format!("{n}@example.com"));
        assert_eq!(row.get::<Option<String>, _>(2), n.is_multiple_of(2).then(|| format!("hash{n}")));
        assert_eq!(row.get::<String, _>(3), ["", "admin", "admin+root", "admin+root+editor"][n % 4]);
        assert_eq!(row.get::<bool, _>(4), n.is_multiple_of(3));
        assert_eq!(row.get::<String, _>(5), Uuid::from_u128(n as u128 + 1).to_string());
        assert_eq!(row.get::<Option<String>, _>(6), n.is_multiple_of(5).then(|| format!("agent{n}")));
        assert!(row.get::<bool, _>(7), "{id}: the times are those of the transaction");
    }
    store.close().await;
}
