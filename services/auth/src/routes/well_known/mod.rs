//! `/.well-known/…`

mod jwks;

pub(crate) use jwks::*;
