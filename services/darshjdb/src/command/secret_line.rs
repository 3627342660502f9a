use std::io::BufRead;

use ddb_core::{Error, Result};
use ddb_runtime::without_line_break;
use zeroize::Zeroizing;

/// The first line of standard input, which holds a secret: what is called `name`. Its line break is not part of it.
pub(super) fn read(name: &str) -> Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::new());
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|error| Error::bad_request(format!("cannot read the {name} from standard input: {error}")))?;
    let length = without_line_break(&line).len();
    line.truncate(length);
    if line.is_empty() {
        return Err(Error::bad_request(format!("the first line of standard input is empty, but must be the {name}")));
    }
    Ok(line)
}
