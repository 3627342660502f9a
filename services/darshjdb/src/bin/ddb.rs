use std::process::ExitCode;

fn main() -> ExitCode {
    darshjdb::ddb()
}
