//! The routes of the records as their users meet them: a real `ddb` over a real PostgreSQL.

mod admin;
mod audit;
mod bad_input;
mod batch;
mod data;
mod idempotency;
mod intruder;
mod kept_answers;
mod min_tx;
mod model;
mod mutate;
mod percent;
mod query;
mod schema;

use ddb_testkit::Stage;

/// For every test that does not mind what other tests write to other tables.
static STAGE: Stage = Stage::new();
