//! The program as a process: how it starts, ends, and refuses.

mod external_postgres;
mod refusals;
mod shutdown;
