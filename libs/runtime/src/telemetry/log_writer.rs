use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// Lines that may wait for a slow terminal or pipe; beyond that they are counted and left out, because a log must not stop the server.
const QUEUE: usize = 8192;
const FLUSH: Duration = Duration::from_secs(1);

/// Writes to standard error on a thread of its own.
#[derive(Clone)]
pub(crate) struct LogWriter {
    sender: SyncSender<Message>,
    left_out: Arc<AtomicU64>,
}

enum Message {
    Line(Vec<u8>),
    Flush(SyncSender<()>),
}

impl LogWriter {
    pub(crate) fn start() -> io::Result<Self> {
        let (sender, receiver) = sync_channel(QUEUE);
        let left_out = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&left_out);
        std::thread::Builder::new().name("log".to_owned()).spawn(move || write_lines(&receiver, &counter))?;
        Ok(Self { sender, left_out })
    }

    /// Waits until what was logged before is written, at most a second.
    pub(crate) fn flush(&self) {
        let (sender, receiver) = sync_channel(1);
        if self.sender.send(Message::Flush(sender)).is_ok() {
            let _ = receiver.recv_timeout(FLUSH);
        }
    }
}

/// The thread ends with the process: the subscriber that feeds it lives as long.
fn write_lines(receiver: &Receiver<Message>, left_out: &AtomicU64) {
    let mut out = io::stderr();
    for message in receiver {
        // There is nowhere to report an error of standard error to.
        let _ = match message {
            Message::Line(line) => out.write_all(&line),
            Message::Flush(done) => {
                let flushed = out.flush();
                let _ = done.send(());
                flushed
            }
        };
        let count = left_out.swap(0, Ordering::Relaxed);
        if count > 0 {
            let _ = writeln!(
                out,
                "{{\"level\":\"WARN\",\"message\":\"{count} log lines were left out: standard error is too slow\"}}"
            );
        }
    }
}

/// The subscriber formats a line completely before it writes it, so each call is one line.
impl Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.sender.try_send(Message::Line(line.to_vec())).is_err() {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
