//! The task: takes groups, commits them, and knows the outcome of every commit.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ddb_core::chain::Hash;
use ddb_core::{Error, NamespaceId, Result, TableId, TableName, Tx, sort_key};
use futures::FutureExt;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::additions::{NewTable, Tables};
use super::commit;
use super::failure::{Changed, Failure, InDoubt, Outcomes};
use super::group::{Evaluation, SystemRows};
use super::holdings::{self, Held};
use super::queue::Pending;
use super::round_trip::{ANSWER_WITHIN, limited, silent, watched};
use super::seats::{Seat, Seats};
use super::slots::{Entity, Slots};
use super::table::{Making, make_table};
use super::{Outcome, Queue, Refused, Write};
use crate::catalogue::{self, Catalogue, Table};
use crate::changes::Changes;
use crate::connection::to_error;
use crate::dictionary::{self, Attribute, Attributes};
use crate::index::{Expired, Indexes, Probed};
use crate::kept::{self, KeptKey};
use crate::namespace::{self, Namespace};
use crate::quota::{Counted, Usages};
use crate::system::NewErasure;
use crate::{Allowance, Once, SystemRow, expiry, past, projection, system};

/// Classifies the advisory locks of namespaces: "DDB" and a zero byte.
const LOCK_CLASS: i32 = 0x4444_4200;
/// How long a transactor waits for something to write until it ends.
const IDLE: Duration = Duration::from_secs(60);
const RECONNECT_DELAY: Duration = Duration::from_millis(50);
/// How long the transactor tries to learn what became of a commit whose answer was lost, while its callers wait.
const DOUBT_LIMIT: Duration = Duration::from_secs(8);
/// Actors whose entity is remembered.
const MAX_ACTORS: usize = 10_000;

/// Takes the namespace's lock until the transaction ends.
pub(crate) fn lock_statement(namespace: NamespaceId) -> String {
    format!("select pg_advisory_xact_lock({LOCK_CLASS}, {namespace})")
}

/// What a transactor needs besides its namespace.
#[derive(Clone)]
pub(crate) struct Means {
    pub(crate) options: PgConnectOptions,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) changes: Arc<Changes>,
    pub(crate) seats: Arc<Seats>,
    pub(crate) patience: Duration,
}

/// The handle that requests use.
pub(crate) struct Transactor {
    queue: Arc<Queue>,
    patience: Duration,
    task: tokio::sync::Mutex<Option<JoinHandle<()>>>,
}

impl Transactor {
    /// That of `main` stays; any other one ends when there has been nothing to write for a while.
    pub(crate) fn start(namespace: Namespace, means: Means) -> Self {
        let Means { options, catalogue, changes, seats, patience } = means;
        let seats = (namespace.id != NamespaceId::MAIN).then_some(seats);
        let queue = Arc::new(Queue::default());
        let task = Task {
            options: Arc::new(options.options([
                // Whatever the server, the database or the role say: an acknowledged write is on disk.
                ("synchronous_commit", "on"),
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
            queue: queue.clone(),
            seats,
            seat: None,
            patience,
            connection: None,
            is_away: false,
            attributes: Attributes::default(),
            indexes: Indexes::default(),
            counted: None,
            actors: HashMap::new(),
            actors_version: 0,
        };
        let task = tokio::spawn(task.run());
        Self { queue, patience, task: tokio::sync::Mutex::new(Some(task)) }
    }

    /// Hands a write over and waits for its outcome. Dropping the future does not take the write back. It comes back where the transactor has ended.
    pub(crate) async fn write(
        &self,
        write: Write,
        once: Option<Once>,
    ) -> Result<Result<Outcome, Refused>, (Write, Option<Once>)> {
        let (answer, outcome) = oneshot::channel();
        let claimed = Arc::new(AtomicBool::new(false));
        match self.queue.push(Pending { write, once, answer, claimed: claimed.clone() }) {
            Ok(Ok(())) => Ok(self.outcome(outcome, &claimed).await),
            Ok(Err(pending)) => Err((pending.write, pending.once)),
            Err(error) => Ok(Err(error.into())),
        }
    }

    /// Whether another one is needed to write.
    pub(crate) fn has_ended(&self) -> bool {
        self.queue.is_closed()
    }

    async fn outcome(
        &self,
        mut outcome: oneshot::Receiver<Result<Outcome, Refused>>,
        claimed: &AtomicBool,
    ) -> Result<Outcome, Refused> {
        let outcome = match tokio::time::timeout(self.patience, &mut outcome).await {
            Ok(outcome) => outcome,
            Err(_) => {
                if !claimed.swap(true, Ordering::AcqRel) {
                    return Err(Error::unavailable("the database is not reachable at the moment; nothing was written").into());
                }
                outcome.await
            }
        };
        outcome.unwrap_or_else(|_| Err(Error::unavailable("the write was given up; whether it took effect is not known").into()))
    }

    /// Writes what waits, then ends.
    pub(crate) async fn stop(&self) {
        self.queue.close();
        if let Some(task) = self.task.lock().await.take()
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the transactor did not end cleanly");
        }
    }
}

struct Task {
    options: Arc<PgConnectOptions>,
    namespace: Namespace,
    catalogue: Arc<Catalogue>,
    changes: Arc<Changes>,
    queue: Arc<Queue>,
    /// None: it has a connection of its own.
    seats: Option<Arc<Seats>>,
    seat: Option<Seat>,
    patience: Duration,
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
}

/// How a pass over a group ended.
enum Pass {
    Done(Outcomes),
    /// Writes that would succeed make records in these tables; nothing was written.
    NeedsTables(Vec<NewTable>),
}

/// Where the steps of a group find their records.
#[derive(Default)]
struct Places {
    slots: Slots,
    /// For each write the slots of its steps; None where the table does not exist.
    of_writes: Vec<Vec<Option<usize>>>,
    /// Tables that do not exist and that a step would make; the slots know them by [`Slots::yet_to_be_made`].
    to_be_made: Vec<TableName>,
    tables: Tables,
}

impl Task {
    async fn run(mut self) {
        while let Some(group) = self.next_group().await {
            // A panic answers its group (the senders are dropped) and costs the connection, not every write to come.
            if AssertUnwindSafe(self.handle(group)).catch_unwind().await.is_err() {
                tracing::error!("a group of writes panicked; its outcome is in the log of PostgreSQL alone");
                self.connection = None;
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

    /// Gives connection and seat up.
    async fn stand_up(&mut self) {
        if let Some(connection) = self.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::debug!(%error, "closing the transactor's connection");
        }
        self.seat = None;
    }

    /// Brings a group to an outcome and answers everyone in it.
    async fn handle(&mut self, group: Vec<Pending>) {
        let mut groups = vec![group];
        let started = Instant::now();
        while let Some(group) = groups.pop() {
            match self.attempt(&group).await {
                Ok(outcomes) => {
                    self.is_away = false;
                    answer(group, outcomes);
                }
                Err(Failure::Lost(error)) => {
                    self.connection = None;
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
                    self.connection = None;
                    tracing::warn!(error = %doubt.error, tx = %doubt.tx, "the answer to a commit was lost");
                    match self.was_committed(doubt.tx, &doubt.hash).await {
                        Some(true) => {
                            self.is_away = false;
                            self.tell(doubt.changed);
                            self.learn(doubt.learnt);
                            answer(group, doubt.outcomes);
                        }
                        Some(false) => groups.push(group),
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
                    let message = "records that have expired stand in the way and cannot be deleted at the moment";
                    let outcomes = group.iter().map(|_| Err(Error::unavailable(message).into())).collect();
                    answer(group, outcomes);
                }
                Err(Failure::Expired(expired)) => {
                    self.roll_back().await;
                    groups.push(group);
                    match self.reaping(expired).await {
                        Ok(reaping) => groups.push(reaping),
                        Err(error) => {
                            tracing::warn!(%error, "expired records that stand in the way cannot be deleted");
                            let group = groups.pop().expect("pushed above");
                            let outcomes = group.iter().map(|_| Err(error.for_another().into())).collect();
                            answer(group, outcomes);
                        }
                    }
                }
                Err(Failure::Busy(error)) => {
                    self.roll_back().await;
                    tracing::warn!(error = %error, "the turn of a namespace did not come in time; a group of {} writes is refused", group.len());
                    let message = "somebody else is writing for a long time; nothing was written";
                    let outcomes = group.iter().map(|_| Err(Error::unavailable(message).into())).collect();
                    answer(group, outcomes);
                }
                Err(Failure::Refused(error)) => {
                    self.is_away = false;
                    self.roll_back().await;
                    if group.len() > 1 {
                        tracing::warn!(error = %error, source = ?std::error::Error::source(&error), "a group was refused by PostgreSQL and is repeated one by one");
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
        self.begin().await?;
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

        let has_unique = slots.tables().into_iter().any(|table| self.indexes.has_unique(table));
        let mut untouched = has_unique.then(|| slots.clone());
        let mut slots = Some(slots);
        let mut probed = Probed::default();
        let (evaluation, outcomes) = loop {
            let slots = slots.take().or_else(|| untouched.clone()).expect("the first round has the slots, later ones their copy");
            let known = (&self.attributes, &self.indexes, &tables, held.as_ref());
            let mut evaluation = Evaluation::new(&self.namespace, known, probed.claims(), slots, read.head, system.clone());
            let outcomes = self.evaluate(&mut evaluation, group, &places);
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
                self.tell(changed);
                self.learn(new_attributes);
                Ok(Pass::Done(outcomes))
            }
            // Without a transaction there is nothing to look for; answers that are kept are found when the group is repeated.
            Err(Failure::Lost(error)) if !makes_tx => Err(Failure::Lost(error)),
            Err(Failure::Lost(error)) => Err(Failure::InDoubt(Box::new(InDoubt {
                tx: head.tx,
                hash: head.hash,
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
        Ok(vec![Pending { write, once: None, answer: oneshot::channel().0, claimed: Arc::default() }])
    }

    /// The slots of a group and, for each write, those of its steps.
    async fn places(&mut self, group: &[Pending]) -> Result<Places, Failure> {
        let namespace = self.namespace.id;
        let steps = || group.iter().flat_map(|pending| &pending.write.steps);
        let is_known = |table: &TableName| self.catalogue.known(namespace, table).is_some();
        let unknown: HashSet<&TableName> = steps().map(|step| &step.table).filter(|table| !is_known(table)).collect();
        if !unknown.is_empty() {
            let options = self.options.clone();
            let names = unknown.iter().map(|table| table.as_str().to_owned()).collect();
            let connection = self.connection().await?;
            let finding = catalogue::find_tables(&mut *connection, namespace, names);
            for (name, table) in watched(&options, finding).await?.map_err(Failure::from_error)? {
                self.catalogue.remember(namespace, name, table);
            }
        }
        let mut places = Places::default();
        for pending in group {
            for step in pending.write.steps.iter().filter(|step| step.makes_table) {
                if self.catalogue.known(namespace, &step.table).is_none() && !places.to_be_made.contains(&step.table) {
                    places.to_be_made.push(step.table.clone());
                }
            }
        }
        for pending in group {
            let mut of_write = Vec::with_capacity(pending.write.steps.len());
            for step in &pending.write.steps {
                let made = || places.to_be_made.iter().position(|table| *table == step.table).map(Slots::yet_to_be_made);
                let known = self.catalogue.known(namespace, &step.table);
                if let Some(Table { id, made_by }) = &known {
                    places.tables.made_by.entry(*id).or_insert_with(|| made_by.clone());
                }
                let table = known.map(|known| known.id).or_else(made);
                let id = ddb_core::RecordId { table: step.table.clone(), key: step.key.clone() };
                let place = table.map(|table| places.slots.add(table, id)).transpose().map_err(Failure::Refused)?;
                of_write.push(place);
            }
            places.of_writes.push(of_write);
        }
        Ok(places)
    }

    /// Makes a table in a transaction of its own. Where another process has made the last one that there may be, nothing is made: the next pass
    /// over the group refuses the write.
    async fn make_table(&mut self, new: &NewTable) -> Result<(), Failure> {
        let namespace = self.namespace.id;
        let options = self.options.clone();
        self.begin().await?;
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
        self.catalogue.remember(namespace, new.name.clone(), table);
        Ok(())
    }

    async fn begin(&mut self) -> Result<(), Failure> {
        let begin = format!("begin isolation level read committed; {}", lock_statement(self.namespace.id));
        let options = self.options.clone();
        let connection = self.connection().await?;
        let begun = limited(&options, async { connection.execute(sqlx::raw_sql(AssertSqlSafe(begin))).await }).await;
        begun.map(|_| ()).map_err(|failure| match failure {
            Failure::Refused(error) => Failure::Busy(error),
            other => other,
        })
    }

    async fn roll_back(&mut self) {
        if let Some(connection) = self.connection.as_mut()
            && limited(&self.options, async { connection.execute(sqlx::raw_sql("rollback")).await }).await.is_err()
        {
            self.connection = None;
        }
    }

    async fn connection(&mut self) -> Result<&mut PgConnection, Failure> {
        if let (Some(seats), None) = (&self.seats, &self.seat) {
            self.seat = Some(seats.take().await.map_err(Failure::Busy)?);
        }
        if self.connection.is_none() {
            let connecting = tokio::time::timeout(ANSWER_WITHIN, PgConnection::connect_with(&self.options));
            // Whatever keeps a connection from being made may pass: too many clients, starting up, a wrong password file.
            let connected = connecting.await.map_err(|_| Failure::Lost(silent()))?.map_err(Failure::Lost)?;
            self.connection = Some(connected);
        }
        Ok(self.connection.as_mut().expect("made above"))
    }

    async fn find_actors(&mut self, group: &[Pending]) -> Result<()> {
        let mut unknown = HashSet::new();
        for key in group.iter().filter_map(|pending| pending.write.actor.as_ref()) {
            let key = sort_key::encode_record_key(key)?;
            if !self.actors.contains_key(&key) {
                unknown.insert(key);
            }
        }
        if unknown.is_empty() {
            return Ok(());
        }
        if self.actors.len() + unknown.len() > MAX_ACTORS {
            self.actors.clear();
            for key in group.iter().filter_map(|pending| pending.write.actor.as_ref()) {
                unknown.insert(sort_key::encode_record_key(key)?);
            }
        }
        let connection = self.connection.as_mut().expect("connected by begin");
        for (key, id, salt) in commit::find_actors(connection, self.namespace.id, unknown.into_iter().collect()).await? {
            let record = ddb_core::RecordId { table: TableName::user(), key: projection::decode_key(&key)? };
            let commitment = dictionary::entity_commitment(&dictionary::salt(&salt)?, &record);
            self.actors.insert(key, Entity { id, commitment });
        }
        Ok(())
    }

    /// What steps want to know of the past of their records.
    async fn find_past(&mut self, group: &[Pending], places: &[Vec<Option<usize>>], slots: &mut Slots) -> Result<()> {
        let connection = self.connection.as_mut().expect("connected by begin");
        let steps = group.iter().flat_map(|pending| &pending.write.steps).zip(places.iter().flatten());
        for (step, place) in steps {
            let (Some(past), Some(place)) = (step.past, place) else { continue };
            let slot = &mut slots.all[*place];
            let Some(entity) = slot.entity else { continue };
            let past = past::past(connection, self.namespace.id, (slot.table, &slot.id, entity.id.0), past).await?;
            slot.past = past.map(Arc::new);
        }
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

    /// Whether the transaction stands in the log. The lock is taken first: once it is held, the session that was to commit
    /// has ended one way or the other. None where PostgreSQL could not be asked in time.
    async fn was_committed(&mut self, tx: Tx, hash: &Hash) -> Option<bool> {
        let deadline = Instant::now() + DOUBT_LIMIT;
        loop {
            match self.look_up(tx, hash).await {
                Ok(committed) => {
                    tracing::info!(%tx, committed, "the outcome of the commit is known");
                    return Some(committed);
                }
                Err(_) if Instant::now() < deadline => {
                    self.connection = None;
                    tokio::time::sleep(RECONNECT_DELAY).await;
                }
                Err(_) => {
                    self.connection = None;
                    return None;
                }
            }
        }
    }

    async fn look_up(&mut self, tx: Tx, hash: &Hash) -> Result<bool, Failure> {
        self.begin().await?;
        let namespace = self.namespace.id;
        let options = self.options.clone();
        let connection = self.connection().await?;
        let query = sqlx::query("select hash from ddb.tx where namespace = $1 and tx = $2").bind(namespace.0).bind(tx.0);
        let row = limited(&options, query.fetch_optional(&mut *connection)).await?;
        let found: Option<Vec<u8>> =
            row.map(|row| row.try_get(0)).transpose().map_err(|error| Failure::Refused(to_error(error)))?;
        self.roll_back().await;
        Ok(found.is_some_and(|found| found == hash))
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
    for (pending, outcome) in group.into_iter().zip(outcomes) {
        // Whoever went away does not wait for the answer; the write stands all the same.
        let _ = pending.answer.send(outcome);
    }
}

/// The keys of the writes that happen once.
fn kept_keys(group: &[Pending]) -> Vec<KeptKey> {
    group.iter().filter_map(Pending::kept_key).collect()
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
