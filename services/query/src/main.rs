//! The records alone, for running the services as separate processes.

use std::process::ExitCode;

use ddb_runtime::{Config, Definitions, main_of};

fn main() -> ExitCode {
    let definitions = Definitions::new(&[Config::SETTINGS]).with_default("bind", "localhost:7702").without_default("data_dir");
    main_of("ddb-query", definitions, |_| Ok(()), async |(), shared| Ok(vec![ddb_query::service(shared).await?]))
}
