fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    #[cfg(feature = "bundled-postgres")]
    bundle();
}

/// Tells the crate where the archive with PostgreSQL is, and its hash, by which the unpacked copies of different releases are told apart.
#[cfg(feature = "bundled-postgres")]
fn bundle() {
    use sha2::Digest;

    println!("cargo:rerun-if-env-changed=DDB_POSTGRES_BUNDLE");
    let archive = std::env::var("DDB_POSTGRES_BUNDLE")
        .unwrap_or_else(|_| format!("{}/../../.cache/postgres-18.6.3.tar.gz", env!("CARGO_MANIFEST_DIR")));
    println!("cargo:rerun-if-changed={archive}");
    let bytes = match std::fs::read(&archive) {
        Ok(bytes) => bytes,
        Err(error) => panic!("the feature bundled-postgres needs {archive} ({error}): run libs/postgres/fetch.sh --pack"),
    };
    let hash: String = sha2::Sha256::digest(&bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    println!("cargo:rustc-env=DDB_POSTGRES_BUNDLE={archive}");
    println!("cargo:rustc-env=DDB_POSTGRES_BUNDLE_HASH={hash}");
}
