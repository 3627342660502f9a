//! What a server tells of itself: metrics, traces, its log, and PostgreSQL's view of it.

mod activity;
mod collector;
mod log;
mod metrics;
mod slow;
mod traces;
