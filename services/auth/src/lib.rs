#![doc = include_str!("../README.md")]

mod account_id;
pub mod admin;
mod attempts;
mod body;
mod caller;
mod config;
mod db;
mod device;
mod email;
mod hasher;
pub mod keys;
mod password;
mod refresh_token;
mod router;
mod routes;
mod service;
mod settings;
mod sign_in;
mod signing_box;
mod state;
mod tokens;

pub use config::{Config, FirstAdmin};
pub use service::service;
