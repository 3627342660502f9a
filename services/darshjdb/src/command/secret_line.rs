use std::io::BufRead;

use ddb_core::{Error, Result};
use zeroize::Zeroizing;

/// The first line of standard input, which holds a secret.
pub(super) fn read() -> Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::new());
    std::io::stdin().lock().read_line(&mut line).map_err(Error::internal)?;
    let length = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(length);
    Ok(line)
}
