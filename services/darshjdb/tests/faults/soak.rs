/// `make soak` sets `DDB_SOAK` and runs the tests whose names contain `soak`: the long form of the tests that go in rounds.
pub(crate) fn rounds(short: u32, long: u32) -> u32 {
    if std::env::var_os("DDB_SOAK").is_some() { long } else { short }
}
