#![doc = include_str!("../README.md")]

mod bus;
mod local;
mod nats;
mod subject;
mod subscription;

pub use bus::Bus;
pub use subject::Subject;
pub use subscription::{Delivery, Subscription};
