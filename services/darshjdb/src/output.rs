//! Everything that the program says: results on standard output, the rest on standard error. Nothing else writes there.

use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ddb_core::{Error, Result};

/// What a shell reports for a program that SIGPIPE ended (128 + 13): the reader of its output is gone.
pub(crate) const NO_READER: u8 = 141;

/// Written at a time.
const BUFFER: usize = 256 << 10;

/// The cause of an error: the reader of standard output has closed it.
#[derive(Debug)]
struct NoReader;

impl std::fmt::Display for NoReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the reader of standard output is gone")
    }
}

impl std::error::Error for NoReader {}

/// A result, with a line break at its end.
pub(crate) fn result(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()).map_err(|error| failed(&error))
}

/// A result in one of its two forms.
pub(crate) fn either(as_json: bool, json: &serde_json::Value, text: &str) -> Result<()> {
    if as_json { result(&format!("{json:#}")) } else { result(text) }
}

/// What is no result, on standard error. There is nowhere to tell that this fails.
pub(crate) fn note(text: &str) {
    let mut out = io::stderr().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// A result that is written as it is made: `work` writes to standard output.
pub(crate) async fn stream<T>(work: impl AsyncFnOnce(BufWriter<Stream>) -> Result<T>) -> Result<T> {
    let closed = Arc::new(AtomicBool::new(false));
    let out = BufWriter::with_capacity(BUFFER, Stream(Arc::clone(&closed)));
    work(out).await.map_err(|error| if closed.load(Ordering::Relaxed) { no_reader() } else { error })
}

/// Standard output. It notes that the reader is gone, also where the caller turns the error into text.
pub(crate) struct Stream(Arc<AtomicBool>);

impl Stream {
    fn noted<T>(&self, written: io::Result<T>) -> io::Result<T> {
        if written.as_ref().is_err_and(is_closed) {
            self.0.store(true, Ordering::Relaxed);
        }
        written
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.noted(io::stdout().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.noted(io::stdout().flush())
    }
}

/// What an error of standard output means.
pub(crate) fn failed(error: &io::Error) -> Error {
    if is_closed(error) {
        return no_reader();
    }
    Error::bad_request(format!("cannot write to standard output: {error}"))
}

/// Whether this is the error of an output whose reader is gone. The exit status alone tells it.
pub(crate) fn has_no_reader(error: &Error) -> bool {
    std::error::Error::source(error).is_some_and(|cause| cause.is::<NoReader>())
}

fn no_reader() -> Error {
    Error::internal(NoReader)
}

fn is_closed(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}
