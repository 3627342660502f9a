//! Sign-in alone, for running the services as separate processes.

use std::process::ExitCode;

use ddb_runtime::{Config, Definitions, main_of};

fn main() -> ExitCode {
    let definitions = Definitions::new(&[Config::SETTINGS, ddb_auth::Config::SETTINGS])
        .with_default("bind", "localhost:7701")
        .without_default("data_dir");
    main_of("ddb-auth", definitions, ddb_auth::Config::read, async |config, shared| {
        Ok(vec![ddb_auth::service(config, shared).await?])
    })
}
