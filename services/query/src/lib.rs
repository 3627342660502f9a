#![doc = include_str!("../README.md")]

mod accept;
mod history_answer;
mod paths;
mod record_answer;
mod router;
mod routes;
mod service;
mod write_answer;

pub use service::service;
