use ddb_bus::Bus;
use ddb_database::{Authenticator, Database, MasterKey};
use ddb_http::limit::Limiter;

/// What the services of one process share. Cheap to clone.
#[derive(Clone)]
pub struct Shared {
    pub database: Database,
    pub authenticator: Authenticator,
    pub bus: Bus,
    pub master_key: MasterKey,
    /// How often callers may ask.
    pub limiter: Limiter,
    /// Bytes of memory that the process may use: the setting, else its memory group's limit, else the machine's memory.
    pub memory_limit: u64,
}
