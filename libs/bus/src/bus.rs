use bytes::Bytes;
use ddb_core::Result;

use crate::local::Local;
use crate::nats::Nats;
use crate::{Subject, Subscription};

/// Events between the parts of the system. Cheap to clone.
#[derive(Clone)]
pub enum Bus {
    /// Within this process only.
    Local(Local),
    Nats(Nats),
}

impl Bus {
    pub fn local() -> Self {
        Self::Local(Local::default())
    }

    /// Connects to NATS. `url` is `nats://[user:password@]host[:port]` (or `tls://…`), several separated by commas; `name` is shown in
    /// the server's list of connections. A server that does not answer within 5 s is `UNAVAILABLE`; once connected, the bus reconnects by itself.
    pub async fn connect(url: &str, name: &str) -> Result<Self> {
        Ok(Self::Nats(Nats::connect(url, name).await?))
    }

    /// Hands the message over for delivery, at most once: without a connection it may be lost. Waits at most a second.
    pub async fn publish(&self, subject: &Subject, payload: Bytes) -> Result<()> {
        match self {
            Self::Local(local) => {
                local.publish(subject, payload);
                Ok(())
            }
            Self::Nats(nats) => nats.publish(subject, payload).await,
        }
    }

    /// Everything published on `subject` from the moment this returns.
    pub async fn subscribe(&self, subject: &Subject) -> Result<Subscription> {
        match self {
            Self::Local(local) => Ok(local.subscribe(subject)),
            Self::Nats(nats) => nats.subscribe(subject).await,
        }
    }

    /// Returns when everything published before has reached the server; waits at most a second.
    pub async fn flush(&self) -> Result<()> {
        match self {
            Self::Local(_) => Ok(()),
            Self::Nats(nats) => nats.flush().await,
        }
    }
}
