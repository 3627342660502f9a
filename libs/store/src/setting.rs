//! What was set while a server ran, for all processes of the database. Nothing secret.

use ddb_core::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::PgConnection;

use crate::Store;
use crate::connection::to_error;

impl Store {
    /// What was set under the name; the default of `T` where nothing was.
    pub async fn setting<T: DeserializeOwned + Default>(&self, name: &str) -> Result<T> {
        let value: Option<(String,)> = sqlx::query_as("select value::text from ddb.setting where name = $1")
            .bind(name)
            .fetch_optional(self.pool())
            .await
            .map_err(to_error)?;
        parse(value)
    }

    /// Changes what is set under the name: one change after the other. Gives what is set then.
    pub async fn change_setting<T>(&self, name: &str, change: impl FnOnce(T) -> T) -> Result<T>
    where
        T: Serialize + DeserializeOwned + Default,
    {
        let changed = async {
            let mut transaction = self.pool().begin().await.map_err(to_error)?;
            let value = change(parse(locked(&mut transaction, name).await?)?);
            let text = serde_json::to_string(&value).map_err(Error::internal)?;
            sqlx::query("update ddb.setting set value = $2::jsonb where name = $1")
                .bind(name)
                .bind(text)
                .execute(&mut *transaction)
                .await
                .map_err(to_error)?;
            transaction.commit().await.map_err(to_error)?;
            Ok(value)
        };
        self.pool().in_time(changed).await
    }
}

/// Makes the row where there is none, so that there is one to lock.
async fn locked(connection: &mut PgConnection, name: &str) -> Result<Option<(String,)>> {
    sqlx::query("insert into ddb.setting (name, value) values ($1, '{}') on conflict do nothing")
        .bind(name)
        .execute(&mut *connection)
        .await
        .map_err(to_error)?;
    sqlx::query_as("select value::text from ddb.setting where name = $1 for update")
        .bind(name)
        .fetch_optional(connection)
        .await
        .map_err(to_error)
}

fn parse<T: DeserializeOwned + Default>(value: Option<(String,)>) -> Result<T> {
    value.map_or_else(|| Ok(T::default()), |(text,)| serde_json::from_str(&text).map_err(Error::internal))
}
