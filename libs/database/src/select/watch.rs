use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use tracing::Span;
use tracing::field::Empty;

use super::Select;
use crate::Session;
use crate::metrics::Plan;

/// Characters of a filter in the log.
const MAX_SHOWN: usize = 1_000;

/// A question about a table while it is being answered. When it is dropped it is measured, and logged where it took long: how it was asked, never what about.
pub(super) struct Watch<'a> {
    session: &'a Session,
    select: &'a Select,
    started: Instant,
    plan: Cell<Plan>,
    /// Records that the reader has read so far, for all questions.
    scanned: Arc<AtomicUsize>,
    scanned_before: usize,
    found: Cell<Option<usize>>,
    span: Span,
}

impl<'a> Watch<'a> {
    pub(super) fn begin(session: &'a Session, select: &'a Select, scanned: &Arc<AtomicUsize>) -> Self {
        let (plan, found, scanned) = (Cell::new(Plan::None), Cell::new(None), scanned.clone());
        let scanned_before = scanned.load(Ordering::Relaxed);
        let span = tracing::info_span!(target: "ddb_trace", "query", ddb.plan = Empty, ddb.scanned = Empty);
        Self { session, select, started: Instant::now(), plan, scanned, scanned_before, found, span }
    }

    pub(super) fn plan(&self, plan: Plan) {
        self.plan.set(plan);
    }

    /// How many records are the answer.
    pub(super) fn done(&self, found: usize) {
        self.found.set(Some(found));
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let inner = &self.session.database.inner;
        let took = self.started.elapsed();
        let scanned = self.scanned.load(Ordering::Relaxed) - self.scanned_before;
        self.span.record("ddb.plan", self.plan.get().name());
        self.span.record("ddb.scanned", scanned);
        inner.metrics.query(self.plan.get(), took, scanned);
        if inner.slow.is_none_or(|slow| took < slow) {
            return;
        }
        let order: Vec<String> = self.select.order.iter().map(ToString::to_string).collect();
        tracing::warn!(
            request_id = self.session.request.as_ref().map(ddb_core::RequestId::as_str),
            namespace = self.session.namespace.0,
            took_ms = took.as_millis() as u64,
            table = self.select.table.as_str(),
            filter = self.select.filter.as_ref().map(|filter| shown(&filter.expr.masked().to_string())),
            order = (!order.is_empty()).then(|| order.join(", ")),
            limit = self.select.limit,
            plan = self.plan.get().name(),
            scanned,
            found = self.found.get(),
            "slow query"
        );
    }
}

/// The beginning of a filter, so that long filters do not fill the log.
fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(MAX_SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
