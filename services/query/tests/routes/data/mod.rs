//! `/api/data/{table}`, `/api/data/{table}/{key}` and what stands below it: a file for each route, and some for what several share.

mod at;
mod composite_keys;
mod costly;
mod create;
mod delete;
mod differential;
mod fair;
mod filtered;
mod generated_keys;
mod get;
mod history;
mod history_model;
mod keys;
mod kinds;
mod list;
mod merge;
mod questions;
mod replace;
mod restore;
mod round_trip;
mod system_values;
mod tables;
mod undelete;
mod users;
mod values;
