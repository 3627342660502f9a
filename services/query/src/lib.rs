#![doc = include_str!("../README.md")]

mod accept;
mod history_answer;
mod paths;
mod record_answer;
mod router;
mod routes;
mod service;

pub use service::service;
