use ddb_core::{Error, ErrorCode, Principal, Result, TableName};
use ddb_store::TableSchema;
use ddb_store::index::{Index, NewIndex};
use ddb_store::retention::History;

use super::{Answer, Session};

impl Session {
    /// 401 for anonymous callers, 403 for callers who are not admins.
    pub fn require_admin(&self) -> Result<()> {
        match &self.principal {
            Principal::Anonymous => Err(Error::unauthenticated("sign in as an admin")),
            principal if principal.is_admin() => Ok(()),
            Principal::Account(_) | Principal::Root(_) | Principal::System => {
                Err(Error::new(ErrorCode::PermissionDenied, "this needs the role `admin`"))
            }
        }
    }

    /// Every table of the namespace, by name. For admins.
    pub async fn schema(&self) -> Result<Answer<Vec<TableSchema>>> {
        self.require_admin()?;
        let tx = self.database.store().head(self.namespace).await?;
        Ok(Answer { data: self.database.store().schema(self.namespace).await?, tx })
    }

    /// One table; 404 where it does not exist. For admins.
    pub async fn table_schema(&self, table: &TableName) -> Result<Answer<TableSchema>> {
        let Answer { data, tx } = self.schema().await?;
        let found = data.into_iter().find(|known| known.name == *table);
        Ok(Answer { data: found.ok_or_else(|| Error::not_found(format!("there is no table `{table}`")))?, tx })
    }

    /// Sets how long the past of a table is kept (None: as long as the namespace says); 404 where it does not exist. For admins.
    pub async fn keep_history(&self, table: &TableName, history: Option<History>) -> Result<Answer<TableSchema>> {
        self.require_admin()?;
        if !self.database.store().keep_history(self.namespace, table, history).await? {
            return Err(Error::not_found(format!("there is no table `{table}`")));
        }
        self.table_schema(table).await
    }

    /// Sets how long the past of the tables is kept that say nothing themselves. For admins.
    pub async fn keep_history_by_default(&self, history: History) -> Result<Answer<Vec<TableSchema>>> {
        self.require_admin()?;
        self.database.store().keep_history_by_default(self.namespace, history).await?;
        self.schema().await
    }

    /// Defines an index; a table that does not exist is made. For admins.
    pub async fn define_index(&self, new: NewIndex) -> Result<Answer<Index>> {
        self.require_admin()?;
        let new = NewIndex { by: self.principal.user_key().cloned(), ..new };
        let index = self.database.store().define_index(self.namespace, new).await?;
        Ok(Answer { data: index, tx: self.database.store().head(self.namespace).await? })
    }

    /// Removes an index; 404 where the index does not exist. For admins.
    pub async fn remove_index(&self, table: &TableName, name: &str) -> Result<Answer<()>> {
        self.require_admin()?;
        if !self.database.store().remove_index(self.namespace, table, name).await? {
            return Err(Error::not_found(format!("table `{table}` has no index of this name")));
        }
        Ok(Answer { data: (), tx: self.database.store().head(self.namespace).await? })
    }
}
