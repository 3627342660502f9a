use ddb_core::Result;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Answer, Session};

impl Session {
    /// What was set for all processes and all namespaces. For root.
    pub async fn setting<T: DeserializeOwned + Default>(&self, name: &str) -> Result<Answer<T>> {
        self.require_root()?;
        let tx = self.database.store().newest_known(self.namespace);
        Ok(Answer { data: self.database.store().setting(name).await?, tx })
    }

    /// Changes it. For root.
    pub async fn change_setting<T>(&self, name: &str, change: impl FnOnce(T) -> T) -> Result<Answer<T>>
    where
        T: Serialize + DeserializeOwned + Default,
    {
        self.require_root()?;
        let tx = self.database.store().newest_known(self.namespace);
        let data = self.database.store().change_setting(name, change).await?;
        tracing::info!(setting = name, "a setting was changed");
        Ok(Answer { data, tx })
    }
}
