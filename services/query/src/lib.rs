#![doc = include_str!("../README.md")]

mod accept;
mod record_answer;
mod router;
mod routes;
mod service;

pub use service::service;
