use ddb_core::{Error, ErrorCode, NamespaceName, Principal, RecordId, Result, TableName};
use ddb_store::NamespaceInfo;

use super::{Answer, Session};

impl Session {
    /// 401 for the anonymous, 403 for who has not the role `root` of the namespace `main`.
    pub fn require_root(&self) -> Result<()> {
        match &self.principal {
            Principal::Anonymous => Err(Error::unauthenticated("sign in as root")),
            principal if principal.is_root() => Ok(()),
            Principal::Account(_) | Principal::Root(_) | Principal::System => Err(Error::new(
                ErrorCode::PermissionDenied,
                "this needs the role `root` in the namespace `main`, and that it is not switched off",
            )),
        }
    }

    /// Makes a namespace. For root; 409 where the name is taken.
    pub async fn create_namespace(&self, name: &NamespaceName) -> Result<Answer<NamespaceInfo>> {
        self.require_root()?;
        let by = match &self.principal {
            Principal::Account(account) | Principal::Root(account) => Some(RecordId::new(TableName::user(), account.key.clone())),
            Principal::Anonymous | Principal::System => None,
        };
        let made = self.database.store().create_namespace(name, by.as_ref()).await?;
        tracing::info!(namespace = %made.name, "a namespace was made");
        Ok(Answer { data: made, tx: self.database.store().newest_known(self.namespace) })
    }

    /// Every namespace, by name. For root.
    pub async fn namespaces(&self) -> Result<Answer<Vec<NamespaceInfo>>> {
        self.require_root()?;
        let tx = self.database.store().newest_known(self.namespace);
        Ok(Answer { data: self.database.store().namespaces().await?, tx })
    }

    /// Removes a namespace with everything in it. For root; 404 where there is none, 409 for `main`.
    pub async fn remove_namespace(&self, name: &NamespaceName) -> Result<()> {
        self.require_root()?;
        if !self.database.store().remove_namespace(name).await? {
            return Err(Error::new(ErrorCode::NamespaceNotFound, format!("there is no namespace `{name}`")));
        }
        tracing::info!(namespace = %name, "a namespace was removed");
        Ok(())
    }
}
