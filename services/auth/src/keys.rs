//! Signing keys.

use ddb_core::Result;
use ddb_runtime::Shared;

/// Makes a new signing key; the old one still verifies until the last token it signed has expired.
pub async fn rotate(shared: &Shared) -> Result<()> {
    let _ = shared;
    todo!()
}
