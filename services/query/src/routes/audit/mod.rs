//! `/api/audit`.

mod activity;
mod head;
mod proof;
mod tx;
mod verify;

pub(crate) use activity::*;
pub(crate) use head::*;
pub(crate) use proof::*;
pub(crate) use tx::*;
pub(crate) use verify::*;
