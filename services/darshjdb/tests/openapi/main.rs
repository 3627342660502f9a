//! The OpenAPI document: complete, the one that is checked in, and true.

mod call;
mod cases;
mod completeness;
mod document;
mod page;
mod samples;
mod schemathesis;
mod set_up;
mod walk;

use ddb_testkit::Stage;

static STAGE: Stage = Stage::new();
