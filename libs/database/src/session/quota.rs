use ddb_core::{Error, ErrorCode, RecordKey, Result};
use ddb_store::quota::{Quota, QuotaState};

use super::{Answer, Session};

/// New limits; None leaves one as it is, Some(None) takes it away.
#[derive(Debug, Clone, Copy, Default)]
pub struct LimitsChange {
    pub records: Option<Option<i64>>,
    pub bytes: Option<Option<i64>>,
}

/// New limits of the namespace and of each owner.
#[derive(Debug, Clone, Copy, Default)]
pub struct QuotaChange {
    pub namespace: LimitsChange,
    pub owner: LimitsChange,
}

impl LimitsChange {
    fn is_none(self) -> bool {
        self.records.is_none() && self.bytes.is_none()
    }
}

impl QuotaChange {
    fn apply(self, mut quota: Quota) -> Quota {
        for (limits, change) in [(&mut quota.namespace, self.namespace), (&mut quota.owner, self.owner)] {
            limits.records = change.records.unwrap_or(limits.records);
            limits.bytes = change.bytes.unwrap_or(limits.bytes);
        }
        quota
    }
}

impl Session {
    /// The limits of the namespace and what it holds, and what one owner holds. For admins.
    pub async fn quota(&self, owner: Option<&RecordKey>) -> Result<Answer<QuotaState>> {
        self.require_admin()?;
        let tx = self.database.store().newest_known(self.namespace);
        Ok(Answer { data: self.database.store().quota(self.namespace, owner).await?, tx })
    }

    /// Changes the limits. Those of owners are an admin's; those of the namespace bind its admins too, so they are root's.
    pub async fn change_quota(&self, change: QuotaChange) -> Result<()> {
        self.require_admin()?;
        if !change.namespace.is_none() && !self.principal.is_root() {
            let message =
                "the limits of a namespace need the role `root` of the namespace `main`, and that it is not switched off";
            return Err(Error::new(ErrorCode::PermissionDenied, message));
        }
        self.database.store().change_quota(self.namespace, |quota| change.apply(quota)).await
    }
}
