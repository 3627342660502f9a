use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::{Client, ConnectOptions, Event, ServerAddr};
use bytes::Bytes;
use ddb_core::{Error, Result};
use futures::StreamExt;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::{Subject, Subscription};

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const HAND_OVER_WITHIN: Duration = Duration::from_secs(1);
/// A connection over which nothing comes back for two intervals is given up.
const PING_EVERY: Duration = Duration::from_secs(1);
const LONGEST_RECONNECT_PAUSE: Duration = Duration::from_secs(2);

/// A connection to NATS. Cheap to clone.
#[derive(Clone)]
pub struct Nats {
    client: Client,
    gaps: Arc<watch::Sender<u64>>,
}

impl Nats {
    pub(crate) async fn connect(url: &str, name: &str) -> Result<Self> {
        let servers = parse(url)?;
        let gaps = Arc::new(watch::Sender::new(0));
        let (told_gaps, is_connected) = (gaps.clone(), AtomicBool::new(true));
        let options = ConnectOptions::new()
            .name(name)
            .connection_timeout(CONNECT_WITHIN)
            .ping_interval(PING_EVERY)
            .reconnect_delay_callback(|attempts| {
                let pause = Duration::from_millis(50) * u32::try_from(attempts.min(100)).unwrap_or(100);
                pause.min(LONGEST_RECONNECT_PAUSE)
            })
            .event_callback(move |event| {
                hear(event, &is_connected, &told_gaps);
                std::future::ready(())
            });
        let shown = shown(&servers);
        let client = timeout(CONNECT_WITHIN, options.connect(servers))
            .await
            .map_err(|_| Error::unavailable(format!("NATS at {shown} does not answer")))?
            .map_err(|error| Error::unavailable(format!("NATS at {shown} cannot be reached")).with_source(error))?;
        Ok(Self { client, gaps })
    }

    pub(crate) async fn publish(&self, subject: &Subject, payload: Bytes) -> Result<()> {
        hand_over(self.client.publish(subject.as_str().to_owned(), payload)).await
    }

    pub(crate) async fn subscribe(&self, subject: &Subject) -> Result<Subscription> {
        let gaps = self.gaps.subscribe();
        let messages = hand_over(self.client.subscribe(subject.as_str().to_owned())).await?;
        self.flush().await?;
        Ok(Subscription::nats(messages, gaps))
    }

    /// The client's own flush only empties its buffer. The server reads a connection in order, so a message to ourselves that has come
    /// back proves that it has seen all before.
    pub(crate) async fn flush(&self) -> Result<()> {
        let round_trip = async {
            let inbox = self.client.new_inbox();
            let mut echo = hand_over(self.client.subscribe(inbox.clone())).await?;
            hand_over(self.client.publish(inbox, Bytes::new())).await?;
            echo.next().await.ok_or_else(|| Error::unavailable("the connection to NATS is closed"))
        };
        timeout(HAND_OVER_WITHIN, round_trip).await.map_err(|_| Error::unavailable("NATS does not answer"))?.map(drop)
    }
}

fn hear(event: Event, is_connected: &AtomicBool, gaps: &watch::Sender<u64>) {
    let connected = match event {
        Event::Connected => true,
        Event::Disconnected | Event::Closed => false,
        Event::SlowConsumer(_) => {
            tracing::warn!("a receiver of the bus is too slow: messages were lost");
            gaps.send_modify(|count| *count += 1);
            return;
        }
        Event::LameDuckMode | Event::Draining => return,
        Event::ServerError(error) => return tracing::warn!(%error, "NATS reports an error"),
        Event::ClientError(error) => return tracing::debug!(%error, "NATS client"),
    };
    let changed = is_connected.swap(connected, Ordering::Relaxed) != connected;
    if changed && connected {
        tracing::info!("NATS is connected again");
    } else if changed {
        tracing::warn!("NATS is away; connecting again");
    }
    gaps.send_modify(|count| *count += 1);
}

async fn hand_over<T, E>(work: impl Future<Output = Result<T, E>>) -> Result<T>
where
    E: std::error::Error + Send + Sync + 'static,
{
    match timeout(HAND_OVER_WITHIN, work).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Error::unavailable("NATS did not take the message").with_source(error)),
        Err(_) => Err(Error::unavailable("NATS does not answer")),
    }
}

fn parse(url: &str) -> Result<Vec<ServerAddr>> {
    let parsed: Result<Vec<ServerAddr>, _> = url.split(',').map(|part| part.trim().parse()).collect();
    // The URL may hold a password, so neither it nor the parser's complaint is repeated.
    parsed.map_err(|_| Error::bad_request("the NATS URL is not of the form nats://[user:password@]host[:port]"))
}

/// Host and port alone: no user, no password.
fn shown(servers: &[ServerAddr]) -> String {
    let names: Vec<String> = servers.iter().map(|server| format!("{}:{}", server.host(), server.port())).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_the_url_is_shown_nowhere() {
        let servers = parse("nats://user:geheim@localhost:4222, nats://other:4223").expect("no error");
        assert_eq!(shown(&servers), "localhost:4222, other:4223");
        let error = parse("nats://user:geheim@:bad:port").expect_err("an error");
        assert!(!format!("{error:?}").contains("geheim"));
    }
}
