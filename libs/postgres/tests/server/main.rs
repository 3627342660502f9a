//! The embedded PostgreSQL as `ddb` meets it: a real server, real processes, real disks.

mod start;
mod support;
