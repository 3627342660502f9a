use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::broadcast;

use crate::{Subject, Subscription};

/// How many messages of a subject wait for its slowest receiver before that one is told of a gap.
const CAPACITY: usize = 1024;

/// Delivers within the process. Cheap to clone.
#[derive(Clone, Default)]
pub struct Local {
    subjects: Arc<Mutex<HashMap<Subject, broadcast::Sender<Bytes>>>>,
}

impl Local {
    pub(crate) fn publish(&self, subject: &Subject, payload: Bytes) {
        let mut subjects = self.subjects.lock().unwrap_or_else(PoisonError::into_inner);
        // A subject whose last receiver is gone is forgotten, so that the map does not grow.
        let nobody_listens = subjects.get(subject).is_some_and(|sender| sender.send(payload).is_err());
        if nobody_listens {
            subjects.remove(subject);
        }
    }

    pub(crate) fn subscribe(&self, subject: &Subject) -> Subscription {
        let mut subjects = self.subjects.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = subjects.entry(subject.clone()).or_insert_with(|| broadcast::Sender::new(CAPACITY));
        Subscription::local(sender.subscribe())
    }
}
