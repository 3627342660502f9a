//! The program as a process: how it starts, ends, and refuses.

mod data_directory;
mod environment;
mod external_postgres;
mod master_key;
mod memory;
mod readiness;
mod refusals;
mod shutdown;
mod signals;
mod tls;
