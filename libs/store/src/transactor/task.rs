//! The task: takes groups, commits them, and knows the outcome of every commit.

mod connection;
mod doubt;
mod places;

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ddb_core::{Error, NamespaceId, Result, TableId, TableName, sort_key};
use ddb_turns::{MANY, aside_if};
use futures::FutureExt;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Executor, PgConnection};
use tokio::sync::oneshot;

pub(crate) use self::connection::lock_statement;
use self::places::Places;
use super::additions::{NewTable, Tables};
use super::commit;
use super::failure::{Changed, Failure, InDoubt, Outcomes};
use super::group::{Evaluation, SystemRows};
use super::handle::Means;
use super::holdings::{self, Held};
use super::queue::Pending;
use super::round_trip::{limited, watched};
use super::seats::{Seat, Seats};
use super::slots::Entity;
use super::table::{Making, make_table};
use super::{Queue, Refused, Write};
use crate::catalogue::{self, Catalogue};
use crate::changes::Changes;
use crate::connection::sql_state;
use crate::dictionary::{Attribute, Attributes};
use crate::index::{Expired, Indexes, Probed};
use crate::kept::{self, KeptKey};
use crate::metrics::Metrics;
use crate::namespace::{self, Namespace};
use crate::quota::{Counted, Usages};
use crate::system::NewErasure;
use crate::{Allowance, IsNearlyFull, SystemRow, expiry, projection, room, statement, system};

/// How long a transactor waits for something to write until it ends.
const IDLE: Duration = Duration::from_secs(60);
/// How often what was lost at its commit, and was not committed, is committed again.
const MAX_REPEATS: usize = 3;
const RECONNECT_DELAY: Duration = Duration::from_millis(50);

/// What one process writes of one namespace.
pub(super) struct Task {
    options: Arc<PgConnectOptions>,
    namespace: Namespace,
    catalogue: Arc<Catalogue>,
    changes: Arc<Changes>,
    queue: Arc<Queue>,
    /// None: it has a connection of its own.
    seats: Option<Arc<Seats>>,
    seat: Option<Seat>,
    patience: Duration,
    is_nearly_full: IsNearlyFull,
    connection: Option<PgConnection>,
    /// PostgreSQL was not reachable when the last group needed it: the next one is refused at its first failure.
    is_away: bool,
    attributes: Attributes,
    indexes: Indexes,
    /// What its records are counted for; None where there are no limits. Loaded with the indexes.
    counted: Option<Counted>,
    /// The entities of those who write, by the sort key of their user key.
    actors: HashMap<Vec<u8>, Entity>,
    /// The version of the definitions that they were looked up at.
    actors_version: i64,
    metrics: Arc<Metrics>,
    /// Since when the namespace's lock is held.
    locked_since: Option<Instant>,
}

/// How a pass over a group ended.
enum Pass {
    Done(Outcomes),
    /// Writes that would succeed make records in these tables; nothing was written.
    NeedsTables(Vec<NewTable>),
}

impl Task {
    /// A task without a connection: it takes one with its first group.
    pub(super) fn new(namespace: Namespace, means: Means, queue: Arc<Queue>) -> Self {
        let Means { options, catalogue, changes, seats, patience, is_nearly_full, metrics } = means;
        let seats = (namespace.id != NamespaceId::MAIN).then_some(seats);
        Self {
            options: Arc::new(options.options([
                ("statement_timeout", "15s"),
                ("idle_in_transaction_session_timeout", "15s"),
                ("tcp_keepalives_idle", "10"),
                // Every statement is by key; a plan made while a table was small must not survive its growth.
                ("plan_cache_mode", "force_generic_plan"),
                ("enable_seqscan", "off"),
                ("enable_hashjoin", "off"),
                ("enable_mergejoin", "off"),
                ("jit", "off"),
            ])),
            namespace,
            catalogue,
            changes,
            queue,
            seats,
            seat: None,
            patience,
            is_nearly_full,
            connection: None,
            is_away: false,
            attributes: Attributes::default(),
            indexes: Indexes::default(),
            counted: None,
            actors: HashMap::new(),
            actors_version: 0,
            metrics,
            locked_since: None,
        }
    }

    pub(super) async fn run(mut self) {
        while let Some(group) = self.next_group().await {
            self.metrics.group_size.record(group.len() as u64, &[]);
            for pending in &group {
                self.metrics.queue_wait(pending.since.elapsed());
            }
            // A panic answers its group (the senders are dropped) and costs the connection, not every write to come.
            if AssertUnwindSafe(self.handle(group)).catch_unwind().await.is_err() {
                tracing::error!("a group of writes panicked; its outcome is in the log of PostgreSQL alone");
                self.lose_connection();
            }
            if let (Some(seats), Some(seat)) = (&self.seats, &self.seat)
                && seats.is_over(seat)
            {
                self.stand_up().await;
            }
        }
        self.stand_up().await;
    }

    /// Waits for writes. None once there are to be none any more.
    async fn next_group(&mut self) -> Option<Vec<Pending>> {
        let Some(seats) = self.seats.clone() else { return self.queue.take_group().await };
        loop {
            tokio::select! {
                biased;
                group = self.queue.take_group() => return group,
                () = asked_to_stand_up(&seats, self.seat.as_ref()) => self.stand_up().await,
                () = tokio::time::sleep(IDLE) => {
                    if self.queue.close_if_empty() {
                        return None;
                    }
                }
            }
        }
    }

    /// Brings a group to an outcome and answers everyone in it.
    async fn handle(&mut self, group: Vec<Pending>) {
        // What erases makes room.
        if !erases(&group) && (self.is_nearly_full)() {
            let outcomes = group.iter().map(|_| Err(room::refused().into())).collect();
            return answer(group, outcomes);
        }
        let mut groups = vec![group];
        let (started, mut repeated) = (Instant::now(), 0);
        while let Some(group) = groups.pop() {
            match self.attempt(&group).await {
                Ok(outcomes) => {
                    self.is_away = false;
                    answer(group, outcomes);
                }
                Err(Failure::Lost(error)) => {
                    self.lose_connection();
                    if !self.is_away && started.elapsed() < self.patience {
                        tokio::time::sleep(RECONNECT_DELAY).await;
                        groups.push(group);
                        continue;
                    }
                    self.is_away = true;
                    tracing::warn!(%error, "PostgreSQL is not reachable; a group of {} writes is refused", group.len());
                    let message = "the database is not reachable at the moment; nothing was written";
                    let outcomes = group.iter().map(|_| Err(Error::unavailable(message).into())).collect();
                    answer(group, outcomes);
                }
                Err(Failure::InDoubt(doubt)) => {
                    self.lose_connection();
                    tracing::warn!(error = %doubt.error, tx = %doubt.tx, "the answer to a commit was lost");
                    match self.was_committed(doubt.tx, &doubt.hash).await {
                        Some(true) => {
                            self.is_away = false;
                            self.metrics.facts.add(doubt.facts, &[]);
                            self.tell(doubt.changed);
                            self.learn(doubt.learnt);
                            answer(group, doubt.outcomes);
                        }
                        // A commit that ends PostgreSQL again and again, over its disk for one, is not tried for ever.
                        Some(false) if repeated < MAX_REPEATS && !(self.is_nearly_full)() => {
                            repeated += 1;
                            groups.push(group);
                        }
                        Some(false) => {
                            let message = "the database cannot commit at the moment; nothing was written";
                            let outcomes = group.iter().map(|_| Err(Error::unavailable(message).into())).collect();
                            answer(group, outcomes);
                        }
                        None => {
                            self.is_away = true;
                            let message = "the connection to the database was lost during the commit; \
                                           whether the write took effect is not known yet";
                            let outcomes = group.iter().map(|_| Err(Error::unavailable(message).into())).collect();
                            answer(group, outcomes);
                        }
                    }
                }
                Err(Failure::Expired(_)) if started.elapsed() > self.patience => {
                    self.roll_back().await;
                    let message = "expired records hold a unique value and cannot be deleted at the moment; nothing was written";
                    let outcomes = group.iter().map(|_| Err(Error::unavailable(message).into())).collect();
                    answer(group, outcomes);
                }
                Err(Failure::Expired(expired)) => {
                    self.roll_back().await;
                    groups.push(group);
                    match self.reaping(expired).await {
                        Ok(reaping) => groups.push(reaping),
                        Err(error) => {
                            tracing::warn!(error = error.told(), "expired records that stand in the way cannot be deleted");
                            let group = groups.pop().expect("pushed above");
                            let outcomes = group.iter().map(|_| Err(error.for_another().into())).collect();
                            answer(group, outcomes);
                        }
                    }
                }
                Err(Failure::Busy(error)) => {
                    self.roll_back().await;
                    tracing::warn!(error = %error, "the lock of the namespace was not free in time; a group of {} writes is refused", group.len());
                    let message = "another process holds the lock of the namespace for too long; nothing was written";
                    let outcomes = group.iter().map(|_| Err(Error::unavailable(message).into())).collect();
                    answer(group, outcomes);
                }
                Err(Failure::Refused(error)) => {
                    self.is_away = false;
                    self.roll_back().await;
                    if group.len() > 1 {
                        tracing::warn!(error = %error, code = sql_state(&error), "a group was refused by PostgreSQL and is repeated one by one");
                        groups.extend(group.into_iter().rev().map(|pending| vec![pending]));
                    } else {
                        answer(group, vec![Err(error.into())]);
                    }
                }
            }
        }
    }

    /// Passes over a group until no table is missing that one of its writes, known to succeed, needs.
    async fn attempt(&mut self, group: &[Pending]) -> Result<Outcomes, Failure> {
        loop {
            match self.pass(group).await? {
                Pass::Done(outcomes) => return Ok(outcomes),
                Pass::NeedsTables(needed) => {
                    self.roll_back().await;
                    for table in &needed {
                        self.make_table(table).await?;
                    }
                }
            }
        }
    }

    /// One pass over a group: begin and lock, read, evaluate, write, commit.
    async fn pass(&mut self, group: &[Pending]) -> Result<Pass, Failure> {
        let Places { mut slots, of_writes: places, to_be_made, mut tables } = self.places(group).await?;
        let namespace = self.namespace.id;
        self.begin(&application_name(group)).await?;
        let options = self.options.clone();
        let connection = self.connection().await?;
        let read = limited(&options, commit::read(connection, namespace, &mut slots)).await?.map_err(Failure::Refused)?;
        if read.newest_attribute != self.attributes.newest() {
            let connection = self.connection.as_mut().expect("connected by begin");
            watched(&options, self.attributes.load_newer(connection, namespace)).await?.map_err(Failure::from_error)?;
        }
        let Some(definitions) = read.definitions else {
            self.roll_back().await;
            return Ok(Pass::Done(group.iter().map(|_| Err(namespace::is_gone().into())).collect()));
        };
        if definitions != self.indexes.version {
            let connection = self.connection.as_mut().expect("connected by begin");
            let counted = watched(&options, Counted::load(connection, namespace)).await?.map_err(Failure::from_error)?;
            let connection = self.connection.as_mut().expect("connected by begin");
            self.indexes = watched(&options, Indexes::load(connection, namespace)).await?.map_err(Failure::from_error)?;
            self.counted = counted;
        }
        if definitions != self.actors_version {
            // An account may have been erased.
            self.actors.clear();
            self.actors_version = definitions;
        }
        watched(&options, self.find_actors(group)).await?.map_err(Failure::from_error)?;
        watched(&options, self.find_past(group, &places, &mut slots)).await?.map_err(Failure::from_error)?;
        let connection = self.connection.as_mut().expect("connected by begin");
        if !to_be_made.is_empty() {
            tables.made =
                watched(&options, catalogue::made_by_accounts(connection, namespace)).await?.map_err(Failure::from_error)?;
        }
        let held = match self.counted {
            None => None,
            Some(counted) => {
                let owners = holdings::owners(group, &slots).map_err(Failure::Refused)?;
                let used = watched(&options, Usages::load(connection, namespace, owners)).await?.map_err(Failure::from_error)?;
                Some(Held { counted, used })
            }
        };
        let emails = emails(group);
        let taken = if emails.is_empty() {
            HashSet::new()
        } else {
            limited(&options, system::taken_emails(connection, namespace, emails)).await?
        };
        let keys = kept_keys(group);
        let kept = if keys.is_empty() {
            HashMap::new()
        } else {
            limited(&options, kept::find(connection, namespace, read.head.now, keys)).await?
        };
        let last_admin =
            if erases_account(group) { limited(&options, system::last_admin(connection, namespace)).await? } else { None };
        let system = SystemRows { taken_emails: taken, kept, last_admin };

        // Under the lock nobody waits for a turn.
        let is_long = slots.all.len() > MANY;
        let has_unique = slots.tables().into_iter().any(|table| self.indexes.has_unique(table));
        let mut untouched = has_unique.then(|| slots.clone());
        let mut slots = Some(slots);
        let mut probed = Probed::default();
        let (evaluation, outcomes) = loop {
            let slots = slots.take().or_else(|| untouched.clone()).expect("the first round has the slots, later ones their copy");
            let known = (&self.attributes, &self.indexes, &tables, held.as_ref());
            let mut evaluation = Evaluation::new(&self.namespace, known, probed.claims(), slots, read.head, system.clone());
            let outcomes = aside_if(is_long, || self.evaluate(&mut evaluation, group, &places));
            let unknown = evaluation.claims.take_unknown();
            if unknown.is_empty() {
                untouched = None;
                break (evaluation, outcomes);
            }
            let now = read.head.now.0;
            let connection = self.connection.as_mut().expect("connected by begin");
            let asking = probed.ask(connection, namespace, &self.indexes, unknown, now);
            let expired = watched(&options, asking).await?.map_err(Failure::from_error)?;
            if !expired.is_empty() {
                return Err(Failure::Expired(expired));
            }
        };
        drop(untouched);
        if evaluation.is_empty() {
            self.roll_back().await;
            return Ok(Pass::Done(outcomes));
        }
        if !evaluation.additions.tables.is_empty() {
            return Ok(Pass::NeedsTables(evaluation.additions.tables.into_iter().map(|(_, table)| table).collect()));
        }

        let Evaluation { slots, head, mut rows, new_attributes, mut claims, changed: usage, .. } = evaluation;
        let changed = Changed { after: read.head.log(), to: head.log(), tables: slots.tables().into_iter().collect() };
        let connection = self.connection.as_mut().expect("connected by begin");
        let replaced = claims.take_replaced();
        if !replaced.is_empty() {
            limited(&options, commit::vacate(connection, namespace, replaced, &self.indexes)).await?;
        }
        let (system_rows, answers) = (std::mem::take(&mut rows.system), std::mem::take(&mut rows.kept));
        let makes_tx = !rows.tx.tx.is_empty();
        let facts = rows.tx.fact_count.iter().map(|count| u64::from(count.unsigned_abs())).sum();
        limited(&options, commit::write(connection, namespace, head.now, rows, &slots, &self.indexes))
            .await?
            .map_err(Failure::Refused)?;
        if !usage.is_empty() {
            limited(&options, usage.write(connection, namespace)).await?;
        }
        if !system_rows.is_empty() {
            limited(&options, system::insert(connection, namespace, head.now, &system_rows)).await?;
        }
        if !answers.is_empty() {
            limited(&options, kept::insert(connection, namespace, head.now, &answers)).await?;
        }
        match limited(&options, async { connection.execute(sqlx::raw_sql("commit")).await }).await {
            Ok(_) => {
                self.unlocked();
                self.metrics.facts.add(facts, &[]);
                self.tell(changed);
                self.learn(new_attributes);
                Ok(Pass::Done(outcomes))
            }
            // Without a transaction there is nothing to look for; answers that are kept are found when the group is repeated.
            Err(Failure::Lost(error)) if !makes_tx => Err(Failure::Lost(error)),
            Err(Failure::Lost(error)) => Err(Failure::InDoubt(Box::new(InDoubt {
                tx: head.tx,
                hash: head.hash,
                facts,
                outcomes,
                changed,
                learnt: new_attributes,
                error,
            }))),
            Err(other) => Err(other),
        }
    }

    /// The outcome of each write of a group, one after the other.
    fn evaluate(&self, evaluation: &mut Evaluation<'_>, group: &[Pending], places: &[Vec<Option<usize>>]) -> Outcomes {
        let mut outcomes = Vec::with_capacity(group.len());
        for (pending, places) in group.iter().zip(places) {
            let actor = match &pending.write.actor {
                None => Ok(None),
                Some(key) => sort_key::encode_record_key(key).and_then(|key| match self.actors.get(&key) {
                    Some(entity) => Ok(Some(*entity)),
                    None => Err(Error::unauthenticated("the account does not exist any more")),
                }),
            };
            outcomes.push(actor.map_err(Refused::from).and_then(|actor| evaluation.evaluate(pending, actor, places)));
        }
        outcomes
    }

    /// A group of one write that deletes expired records.
    async fn reaping(&mut self, expired: Vec<Expired>) -> Result<Vec<Pending>> {
        let namespace = self.namespace.id;
        let connection = self.connection.as_mut().ok_or_else(|| Error::unavailable("the connection to the database was lost"))?;
        let tables = watched(&self.options, catalogue::all_tables(connection, namespace)).await;
        let tables = tables.unwrap_or_else(|_| Err(Error::unavailable("the connection to the database was lost")))?;
        let tables: HashMap<TableId, TableName> = tables.into_iter().collect();
        let mut steps = Vec::with_capacity(expired.len());
        for Expired { table, key } in expired {
            let table = tables.get(&table).cloned().ok_or_else(|| Error::internal("an index is about a table without a name"))?;
            steps.push(expiry::step(table, projection::decode_key(&key)?));
        }
        let write = Write { namespace, actor: None, request: None, steps, allowance: Allowance::ANY, system: Vec::new() };
        Ok(vec![Pending { write, once: None, answer: oneshot::channel().0, claimed: Arc::default(), since: Instant::now() }])
    }

    /// Makes a table in a transaction of its own. Where another process has made the last one that there may be, nothing is made: the next pass
    /// over the group refuses the write.
    async fn make_table(&mut self, new: &NewTable) -> Result<(), Failure> {
        let namespace = self.namespace.id;
        let options = self.options.clone();
        self.begin("").await?;
        let connection = self.connection().await?;
        let made = watched(&options, catalogue::made_by_accounts(connection, namespace)).await?.map_err(Failure::from_error)?;
        let tables = Tables { made, ..Tables::default() };
        if new.allowed.check(&new.name, tables.made_so_far(new.actor.as_ref())).is_err() {
            self.roll_back().await;
            return Ok(());
        }
        let connection = self.connection().await?;
        let making = make_table(connection, namespace, &new.name, (new.actor.as_ref(), Making::WithRecord));
        let table = watched(&options, making).await?.map_err(Failure::from_error)?;
        limited(&options, async { connection.execute(sqlx::raw_sql("commit")).await }).await?;
        self.unlocked();
        self.catalogue.remember(namespace, new.name.clone(), table);
        Ok(())
    }

    fn tell(&self, Changed { after, to, tables }: Changed) {
        self.changes.committed(self.namespace.id, after, to, tables);
    }

    fn learn(&mut self, attributes: HashMap<(TableId, String), Attribute>) {
        for ((table, name), attribute) in attributes {
            self.attributes.insert(table, name, attribute);
        }
    }
}

/// Who has no seat is never asked.
async fn asked_to_stand_up(seats: &Seats, seat: Option<&Seat>) {
    match seat {
        Some(seat) => seats.wanted(seat).await,
        None => std::future::pending().await,
    }
}

fn answer(group: Vec<Pending>, outcomes: Outcomes) {
    let steps: usize = group.iter().map(|pending| pending.write.steps.len()).sum();
    // What the steps hold is freed here.
    aside_if(steps > MANY, || {
        for (pending, outcome) in group.into_iter().zip(outcomes) {
            // Whoever went away does not wait for the answer; the write stands all the same.
            let _ = pending.answer.send(outcome);
        }
    });
}

/// What PostgreSQL's views show while the group has its transaction: the request that it is for, or the first of them and how many more.
fn application_name(group: &[Pending]) -> String {
    let request = group.iter().find_map(|pending| pending.write.request.as_ref());
    let more = match group.len() {
        0 | 1 => String::new(),
        size => format!(" +{}", size - 1),
    };
    statement::application_name("write", request, &more)
}

/// The keys of the writes that happen once.
fn kept_keys(group: &[Pending]) -> Vec<KeptKey> {
    group.iter().filter_map(Pending::kept_key).collect()
}

fn erases(group: &[Pending]) -> bool {
    group.iter().flat_map(|pending| &pending.write.system).any(|row| matches!(row, SystemRow::Erasure(_)))
}

fn erases_account(group: &[Pending]) -> bool {
    let mut rows = group.iter().flat_map(|pending| &pending.write.system);
    rows.any(|row| matches!(row, SystemRow::Erasure(NewErasure { account: Some(_) })))
}

fn emails(group: &[Pending]) -> Vec<String> {
    let rows = group.iter().flat_map(|pending| &pending.write.system);
    rows.filter_map(|row| match row {
        SystemRow::Account(account) => Some(account.email.clone()),
        SystemRow::Session(_) | SystemRow::Erasure(_) => None,
    })
    .collect()
}
