//! What a person at a terminal reads when the server is ready.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use ddb_testkit::{Caller, Directory, Server, command};
use rustix::process::{Pid, Signal, kill_process};

/// Starts a server for people and stops it once the banner is complete. Gives the lines of the banner.
fn greeted(data_dir: &Path) -> Vec<String> {
    let mut start = command("ddb");
    start.args(["start", "--log-format", "pretty", "--bind", "localhost:0", "--data-dir"]).arg(data_dir);
    let mut server: Child = start.stderr(Stdio::piped()).spawn().expect("ddb can be run");
    let log = BufReader::new(server.stderr.take().expect("a pipe"));
    let mut banner: Vec<String> = Vec::new();
    for line in log.lines().map(|line| line.expect("UTF-8")) {
        if line.starts_with("  Ready on ") || !banner.is_empty() {
            banner.push(line.clone());
        }
        if line.starts_with("  Data: ") {
            break;
        }
        assert!(!line.contains("WARN"), "the banner tells it: {line}");
    }
    kill_process(Pid::from_child(&server), Signal::TERM).expect("it runs");
    server.wait().expect("it ends");
    banner
}

/// Mutants: `services` gives the hint always; the banner has no data directory.
#[test]
fn the_banner_tells_the_address_the_first_admin_and_the_data() {
    let folder = Directory::new();
    let data_dir = folder.path().join("data");
    let banner = greeted(&data_dir);
    let [ready, admin, data] = banner.as_slice() else { panic!("{banner:?}") };
    let url = ready.strip_prefix("  Ready on ").and_then(|rest| rest.split(' ').next()).expect("an address");
    let port = url.strip_prefix("http://localhost:").unwrap_or_else(|| panic!("{ready}"));
    assert!(port.parse::<u16>().is_ok_and(|port| port > 0), "{ready}");
    assert!(ready.ends_with(&format!("(documentation: {url}/api/docs)")), "{ready}");
    assert_eq!(data, &format!("  Data: {}", data_dir.display()));

    // The line that is shown makes an admin as it stands.
    let line = admin.strip_prefix("  There is no admin yet. Make one: ").unwrap_or_else(|| panic!("{admin}"));
    assert!(line.starts_with(&ddb_testkit::built("ddb").display().to_string()), "{line}");
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &format!("echo '{}' | {line} --password-stdin", Caller::PASSWORD)]);
    let made = shell.output().expect("a shell can be run");
    assert!(made.status.success(), "{made:?}");
    let banner = greeted(&data_dir);
    let [_, data] = banner.as_slice() else { panic!("{banner:?}") };
    assert!(data.starts_with("  Data: "), "{data}");
}

#[tokio::test]
async fn programs_read_log_lines_instead() {
    let server = Server::start().await;
    let log = server.log();
    assert!(log.lines().all(|line| line.starts_with('{')), "{log}");
    let of = |text: &str| log.lines().find(|line| line.contains(text)).unwrap_or_else(|| panic!("{text}: {log}")).to_owned();
    let hint = of("There is no admin yet");
    assert!(hint.contains("\"WARN\"") && hint.contains("admin create --email"), "{hint}");
    assert!(hint.contains(&format!("--data-dir {}", server.data_dir().display())), "{hint}");
    assert!(of("\"ready\"").contains("\"url\""));
}
