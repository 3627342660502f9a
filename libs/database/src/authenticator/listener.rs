use std::time::Duration;

use ddb_api::bus::{REVOKED, Revoked};
use ddb_bus::{Delivery, Subject};
use ddb_core::Result;
use ddb_store::identity::{self, Notification, Notifications};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use super::Inner;

/// With the time an answer may take it stays below what an answer is good for (`trust::UNHEARD`).
const HEARTBEAT_EVERY: Duration = Duration::from_millis(400);
const HEARTBEAT_WITHIN: Duration = Duration::from_millis(300);
const CONNECT_WITHIN: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(300);

/// Hears PostgreSQL and the bus until `stop`.
pub(super) async fn run(inner: &Inner, stop: CancellationToken) -> Result<()> {
    let bus_subject = Subject::parse(REVOKED)?;
    tokio::select! {
        () = stop.cancelled() => {}
        () = hear_postgres(inner) => {}
        () = hear_bus(inner, &bus_subject) => {}
    }
    inner.trust.deaf();
    Ok(())
}

async fn hear_postgres(inner: &Inner) {
    let mut was_heard = false;
    loop {
        match Notifications::listen(&inner.store, &[identity::REVOKED, identity::KEYS_CHANGED], CONNECT_WITHIN).await {
            Ok(notifications) => {
                if was_heard {
                    tracing::info!("revocations are heard again");
                }
                was_heard = true;
                let error = hear(inner, notifications).await;
                inner.trust.deaf();
                tracing::warn!(
                    error = error.told(),
                    "revocations are not heard; accounts are read again every second until they are"
                );
            }
            Err(error) => tracing::debug!(%error, "cannot listen for revocations"),
        }
        sleep(PAUSE).await;
    }
}

/// Ends with the error that made the connection useless.
async fn hear(inner: &Inner, mut notifications: Notifications) -> ddb_core::Error {
    // Whatever was said while nobody listened.
    inner.trust.forget_everything();
    inner.keys.forget();
    loop {
        let sent = inner.trust.now();
        let next_heartbeat = Instant::now() + HEARTBEAT_EVERY;
        if let Err(error) = notifications.heartbeat(HEARTBEAT_WITHIN).await {
            return error;
        }
        inner.trust.heard(sent);
        while let Ok(heard) = timeout_at(next_heartbeat, notifications.next()).await {
            match heard {
                Ok(notification) => obey(inner, &notification),
                Err(error) => return error,
            }
        }
    }
}

fn obey(inner: &Inner, notification: &Notification) {
    if notification.channel == identity::KEYS_CHANGED {
        inner.keys.forget();
    } else {
        inner.forget(notification.payload.as_bytes());
    }
}

/// A second way, and no more: what the bus loses or has not yet delivered comes through PostgreSQL.
async fn hear_bus(inner: &Inner, subject: &Subject) {
    loop {
        match inner.bus.subscribe(subject).await {
            Ok(mut subscription) => {
                while let Some(delivery) = subscription.next().await {
                    match delivery {
                        Delivery::Message(payload) => inner.forget(&payload),
                        Delivery::Gap => {}
                    }
                }
            }
            Err(error) => tracing::debug!(%error, "cannot subscribe to revocations"),
        }
        sleep(PAUSE).await;
    }
}

impl Inner {
    fn forget(&self, payload: &[u8]) {
        match Revoked::from_json(payload) {
            Some(revoked) => self.trust.forget(&revoked.account),
            // From a newer version, or from nobody we know: what it means is read from PostgreSQL.
            None => self.trust.forget_everything(),
        }
    }
}
