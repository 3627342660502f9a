//! `/api/auth/sessions…`: the caller's devices.

mod end;
mod end_all;
mod list;

pub(crate) use end::*;
pub(crate) use end_all::*;
pub(crate) use list::*;
