//! What `--version` tells: which source this program was made from, when, and for what.

/// `0.1.0 (commit 4a1b2c3d4e5f, 2026-11-23, linux x86_64, with PostgreSQL inside)`. Commit and day are those that `make dist` and `make release` name to the compiler.
pub(crate) fn version() -> String {
    let commit = option_env!("DARSHJDB_COMMIT").map_or("development build".to_owned(), |commit| format!("commit {commit}"));
    let day = option_env!("DARSHJDB_BUILT").map_or(String::new(), |day| format!(", {day}"));
    let postgres = if cfg!(feature = "bundled-postgres") { ", with PostgreSQL inside" } else { "" };
    let (system, architecture) = (std::env::consts::OS, std::env::consts::ARCH);
    format!("{} ({commit}{day}, {system} {architecture}{postgres})", env!("CARGO_PKG_VERSION"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_says_what_was_built() {
        let version = version();
        assert!(version.starts_with(concat!(env!("CARGO_PKG_VERSION"), " (")), "{version}");
        assert!(version.contains(std::env::consts::ARCH) && version.ends_with(')'), "{version}");
    }
}
