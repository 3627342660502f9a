//! `/api/audit`

mod head;
mod proof;
mod tx;
mod verify;
