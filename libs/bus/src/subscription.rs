use bytes::Bytes;
use futures::StreamExt;
use tokio::sync::{broadcast, watch};

/// What a subscription gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    Message(Bytes),
    /// Messages may have been lost before the next one: the connection was away, or the receiver was too slow.
    Gap,
}

/// Messages of one subject, in the order in which they arrived.
pub struct Subscription(Source);

enum Source {
    Local(broadcast::Receiver<Bytes>),
    Nats { messages: async_nats::Subscriber, gaps: watch::Receiver<u64> },
}

impl Subscription {
    pub(crate) fn local(messages: broadcast::Receiver<Bytes>) -> Self {
        Self(Source::Local(messages))
    }

    pub(crate) fn nats(messages: async_nats::Subscriber, gaps: watch::Receiver<u64>) -> Self {
        Self(Source::Nats { messages, gaps })
    }

    /// The next delivery; None once the bus is closed for good. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Delivery> {
        match &mut self.0 {
            Source::Local(messages) => match messages.recv().await {
                Ok(payload) => Some(Delivery::Message(payload)),
                Err(broadcast::error::RecvError::Lagged(_)) => Some(Delivery::Gap),
                Err(broadcast::error::RecvError::Closed) => None,
            },
            Source::Nats { messages, gaps } => tokio::select! {
                // A gap is told before what came after it.
                biased;
                Ok(()) = gaps.changed() => Some(Delivery::Gap),
                message = messages.next() => message.map(|message| Delivery::Message(message.payload)),
            },
        }
    }
}
