//! The program as a process: how it starts, ends, and refuses.

mod external_postgres;
mod master_key;
mod memory;
mod refusals;
mod shutdown;
mod tls;
