//! What an attacker or a fault may try, as THREATS of the project's plan number it.

#[path = "../harness/mod.rs"]
mod harness;

mod access_tokens;
mod first_start;
mod hashing;
mod revocation;
mod secrets;
mod timing;
