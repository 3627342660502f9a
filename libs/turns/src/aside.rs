use tokio::runtime::{Handle, RuntimeFlavor};

/// Up to so many bytes of JSON or of documents are computed on in place: 2 ms for the dearest (`[[1],[1],…]`), 0.2 ms for records.
pub const LARGE: usize = 64 * 1024;
/// Up to so many records are.
pub const MANY: usize = 128;

/// Computes aside where it is long, else in place.
pub fn aside_if<T>(is_long: bool, work: impl FnOnce() -> T) -> T {
    if is_long { aside(work) } else { work() }
}

/// Computes, while another thread takes over what this one served. A runtime of one thread, as tests have it, computes in place.
#[expect(
    clippy::disallowed_methods,
    reason = "what is computed is borrowed and nobody is left behind: the caller waits for it here"
)]
pub fn aside<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    /// Mutant: `aside` computes in place.
    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn others_are_served_meanwhile() {
        let (sender, told) = mpsc::channel();
        let long = tokio::spawn(async move { aside(|| told.recv_timeout(Duration::from_secs(5))) });
        tokio::task::yield_now().await;
        tokio::spawn(async move { sender.send(()) }).await.expect("it ends").expect("somebody listens");
        assert_eq!(long.await.expect("it ends"), Ok(()));
    }

    #[tokio::test]
    async fn a_runtime_of_one_thread_computes_in_place() {
        assert_eq!(aside(|| 7), 7);
    }
}
