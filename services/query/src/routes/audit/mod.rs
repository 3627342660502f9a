//! `/api/audit`.

mod head;
mod proof;
mod tx;

pub(crate) use head::head;
pub(crate) use proof::proof;
pub(crate) use tx::tx;
