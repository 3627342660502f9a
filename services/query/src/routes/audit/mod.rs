//! `/api/audit`.

mod activity;
mod head;
mod proof;
mod tx;
mod verify;

pub(crate) use activity::activity;
pub(crate) use head::head;
pub(crate) use proof::proof;
pub(crate) use tx::tx;
pub(crate) use verify::verify;
