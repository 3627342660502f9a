use std::sync::Arc;

use crate::{NamespaceId, RecordKey, Uuid};

/// Who asks. Every read and write takes one.
#[derive(Debug, Clone)]
pub enum Principal {
    Anonymous,
    Account(Arc<Account>),
    /// The server itself: jobs, sign-up, the command line.
    System,
}

/// An account that was signed in when the request was accepted.
#[derive(Debug, PartialEq, Eq)]
pub struct Account {
    pub namespace: NamespaceId,
    /// The key of its record in the table `user`.
    pub key: RecordKey,
    pub session: Option<Uuid>,
    /// `admin`: everything in its namespace except reading secrets and editing the log.
    pub admin: bool,
    /// `root`: may name other namespaces.
    pub root: bool,
}

impl Principal {
    pub fn is_admin(&self) -> bool {
        match self {
            Self::Anonymous => false,
            Self::Account(account) => account.admin,
            Self::System => true,
        }
    }

    /// The key of the caller's record in the table `user`; none for the anonymous and for the system.
    pub fn user_key(&self) -> Option<&RecordKey> {
        match self {
            Self::Anonymous | Self::System => None,
            Self::Account(account) => Some(&account.key),
        }
    }
}
