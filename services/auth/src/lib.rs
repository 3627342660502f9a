#![doc = include_str!("../README.md")]

pub mod admin;
mod config;
pub mod keys;
mod service;
mod settings;

pub use config::{Config, FirstAdmin};
pub use service::service;
