use std::sync::Arc;

use crate::{NamespaceId, RecordKey, Uuid};

/// The caller. Every read and write takes one.
#[derive(Debug, Clone)]
pub enum Principal {
    Anonymous,
    Account(Arc<Account>),
    /// An account of `main` with the role `root`, in another namespace. It is an admin there and has no record there.
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

    /// Whether the caller may create and remove namespaces.
    pub fn is_root(&self) -> bool {
        match self {
            Self::Anonymous => false,
            Self::Account(account) | Self::Root(account) => account.root,
            Self::System => true,
        }
    }

    /// The caller in the namespace that the request names. An account belongs to one namespace, and only root may enter others: None for all other accounts.
    #[must_use]
    pub fn within(self, namespace: NamespaceId) -> Option<Self> {
        match self {
            Self::Account(account) | Self::Root(account) if account.namespace != namespace => {
                account.root.then_some(Self::Root(account))
            }
            principal => Some(principal),
        }
    }

    /// The key of the caller's record in the table `user`; None for anonymous callers, for root in another namespace and for the system.
    pub fn user_key(&self) -> Option<&RecordKey> {
        match self {
            Self::Anonymous | Self::Root(_) | Self::System => None,
            Self::Account(account) => Some(&account.key),
        }
    }
}
