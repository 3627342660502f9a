#![doc = include_str!("../README.md")]

mod service;
mod shared;

pub use service::{Service, Task};
pub use shared::Shared;
