use std::sync::Arc;

use crate::{NamespaceId, RecordKey, Uuid};

/// Who asks. Every read and write takes one.
#[derive(Debug, Clone)]
pub enum Principal {
    Anonymous,
    Account(Arc<Account>),
    /// An account of `main` with the role `root`, in another namespace: an admin there, without a record of its own.
    Root(Arc<Account>),
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
            Self::Root(_) | Self::System => true,
        }
    }

    /// Whether namespaces are the caller's to make and to remove.
    pub fn is_root(&self) -> bool {
        match self {
            Self::Anonymous => false,
            Self::Account(account) | Self::Root(account) => account.root,
            Self::System => true,
        }
    }

    /// Who the caller is in the namespace that he names: an account belongs to one, and only root is somebody in others. None: nobody.
    #[must_use]
    pub fn within(self, namespace: NamespaceId) -> Option<Self> {
        match self {
            Self::Account(account) | Self::Root(account) if account.namespace != namespace => {
                account.root.then_some(Self::Root(account))
            }
            principal => Some(principal),
        }
    }

    /// The key of the caller's record in the table `user`; none for the anonymous, for root in another namespace and for the system.
    pub fn user_key(&self) -> Option<&RecordKey> {
        match self {
            Self::Anonymous | Self::Root(_) | Self::System => None,
            Self::Account(account) => Some(&account.key),
        }
    }
}
