//! `/api/data/{table}` and `/api/data/{table}/{key}`: a file for each route, and two for what all of them share.

mod create;
mod delete;
mod get;
mod keys;
mod list;
mod merge;
mod replace;
mod values;
