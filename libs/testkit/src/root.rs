use std::io::Write;

/// Whether the tests are run by root. Otherwise the test says that it is skipped, past the harness, which shows nothing of a test that passes; `.ci/timed`
/// counts these lines, and `.ci/run` fails where there is one. `what` says what root is needed for.
///
/// ```no_run
/// if !ddb_testkit::is_root("mounts a disk") {
///     return;
/// }
/// ```
#[must_use]
pub fn is_root(what: &str) -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        let thread = std::thread::current();
        let test = thread.name().unwrap_or("a test");
        // The macros write into the harness's buffer, the handle does not. A closed standard error has no reader anyway.
        let _ = writeln!(std::io::stderr(), "\nskipped: needs root: {test}: {what}");
    }
    is_root
}
