//! `/api/audit`

mod activity;
mod head;
mod proof;
mod tx;
mod verify;
