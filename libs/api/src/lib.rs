#![doc = include_str!("../README.md")]

pub mod admin;
mod answer;
pub mod audit;
pub mod auth;
pub mod bus;
pub mod data;
pub mod query;
pub mod schema;

pub use answer::{Answer, Page, PageParameters, Warning, WarningCode};
