use clap::Args;
use clap_complete::Shell;

#[derive(Args)]
pub(crate) struct Arguments {
    shell: Shell,
}

pub(crate) fn run(mut line: clap::Command, arguments: &Arguments) {
    clap_complete::generate(arguments.shell, &mut line, "ddb", &mut std::io::stdout());
}
