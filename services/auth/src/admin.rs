//! Admins, made from the command line or at first start.

use ddb_core::Result;
use ddb_database::Database;
use zeroize::Zeroizing;

/// An admin as the command line shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin {
    /// `user:<key>`.
    pub id: String,
    pub email: String,
    pub roles: Vec<String>,
    /// RFC 3339.
    pub created: String,
}

/// Makes an account with the role `admin`, and `root` where it is the first. 422 for an address or a password that is none, 409 where the address is taken.
pub async fn create(database: &Database, email: &str, password: Zeroizing<String>) -> Result<Admin> {
    let _ = (database, email, password);
    todo!()
}

pub async fn list(database: &Database) -> Result<Vec<Admin>> {
    let _ = database;
    todo!()
}

pub async fn exists(database: &Database) -> Result<bool> {
    let _ = database;
    todo!()
}
