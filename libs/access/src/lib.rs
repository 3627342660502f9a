#![doc = include_str!("../README.md")]

mod authorized;
mod policy;

pub use authorized::{Authorized, Rows};
pub use policy::Policy;
