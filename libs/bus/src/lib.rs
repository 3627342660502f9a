#![doc = include_str!("../README.md")]

mod bus;
mod health;
mod local;
mod nats;
mod subject;
mod subscription;

pub use bus::Bus;
pub use health::Health;
pub use subject::Subject;
pub use subscription::{Delivery, Subscription};
