use std::path::PathBuf;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    names();
    #[cfg(feature = "bundled-postgres")]
    bundle();
}

/// Builds the library that answers for a user who has no name (`src/names.rs`).
fn names() {
    println!("cargo:rerun-if-changed=src/names.c");
    let library = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo names it")).join("names.so");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("linux") {
        std::fs::write(library, []).expect("cargo's folder can be written");
        return;
    }
    // Without a library of its own, so that it goes with every C library that PostgreSQL was built for.
    let mut compiler = cc::Build::new().get_compiler().to_command();
    compiler.args(["-shared", "-fPIC", "-Os", "-s", "-nostdlib", "-o"]).arg(library).arg("src/names.c");
    let status = compiler.status().expect("the C compiler, which Rust links with, can be run");
    assert!(status.success(), "src/names.c cannot be compiled");
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
