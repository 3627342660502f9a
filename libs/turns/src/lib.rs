#![doc = include_str!("../README.md")]

mod aside;
mod turns;

pub use aside::{LARGE, MANY, aside, aside_if};
pub use turns::{Busy, Turn, Turns};
