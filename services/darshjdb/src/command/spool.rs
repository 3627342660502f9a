use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use ddb_core::{Error, Result};
use ddb_store::backup::Progress;

/// Read at a time.
const BUFFER: usize = 256 << 10;

/// Copies a stream into a file without a name, which is gone with the value, so that it can be read twice. The file lies in `TMPDIR`, else in
/// `/var/tmp`, which unlike `/tmp` is a disk on most machines.
pub(super) fn spool(mut stream: impl Read, progress: &Progress) -> Result<File> {
    progress.begin("reading standard input");
    let folder =
        std::env::var_os("TMPDIR").filter(|folder| !folder.is_empty()).map_or_else(|| PathBuf::from("/var/tmp"), PathBuf::from);
    let cannot = |error: io::Error| {
        Error::bad_request(format!(
            "cannot keep standard input in {}: {error}; name a folder with room for the backup in TMPDIR",
            folder.display()
        ))
    };
    let path = folder.join(format!("ddb-restore.{:016x}", rand::random::<u64>()));
    let mut file = File::options().read(true).write(true).create_new(true).mode(0o600).open(&path).map_err(cannot)?;
    std::fs::remove_file(&path).map_err(cannot)?;
    let mut buffer = vec![0; BUFFER];
    loop {
        let length = match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Error::bad_request(format!("cannot read standard input: {error}"))),
        };
        file.write_all(&buffer[..length]).map_err(cannot)?;
        progress.add(0, length as u64);
    }
    file.rewind().map_err(cannot)?;
    Ok(file)
}
