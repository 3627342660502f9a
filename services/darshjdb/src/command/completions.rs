use clap::Args;
use clap_complete::Shell;
use ddb_core::Result;

use crate::output;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The shell that is to read the script
    shell: Shell,
}

pub(crate) fn run(mut line: clap::Command, arguments: &Arguments) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut line, "ddb", &mut script);
    output::result(String::from_utf8_lossy(&script).trim_end())
}
