use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ddb_access::{Authorized, Rows};
use ddb_core::{Datetime, Error, ErrorCode, Object, Record, RecordId, Result, TableName, Tx, Value, Warning, sort_key};
use ddb_darshjql::Expr;
use ddb_engine::filter::{Facts, Filter, Translated};
use ddb_engine::plan::{self, Constants, OrderTerm, OwnTimes, Plan, Position, PositionPart, Question};
use ddb_engine::{Budget, Context, Records, Row};
use ddb_store::{Scan, Snapshot, TableShape};
use ddb_turns::aside_if;

use super::links::Links;
use super::shape::{bind, own_times, shape};
use super::sorted::{Sorted, is_long, position};
use super::watch::Watch;
use super::{Failures, Select, Selected};
use crate::answers::Source;
use crate::{Session, metrics};

/// Rows that one request reads at most to find its records.
const MAX_SCANNED: usize = 200_000;
/// Rows that are read at a time where the evaluator decides.
const FIRST_CHUNK: usize = 256;
const MAX_CHUNK: usize = 4_096;
/// Values that are looked at for all records together on the threads that serve everybody: an expression may compare each of them with a list of 100,000.
const FEW: usize = 4_096;
/// How long one request may read.
const MAX_TIME: Duration = Duration::from_secs(10);
/// What the evaluations of one request may use.
const MAX_STEPS: u64 = 50_000_000;
const MAX_BYTES: u64 = 64 << 20;
/// What one answer holds, about, in bytes of memory.
const MAX_OUTPUT: usize = 64 << 20;
/// Warnings of one request.
const MAX_WARNINGS: usize = 32;
/// How often a read is planned anew because definitions keep changing.
const MAX_PLANS: usize = 10;

/// What an answer holds so far. Many links can lead to one large record, so copies count before they are made.
#[derive(Debug)]
pub(crate) struct Output(usize);

impl Output {
    pub(crate) fn add(&mut self, bytes: usize) -> Result<()> {
        self.0 = self.0.saturating_add(bytes);
        if self.0 > MAX_OUTPUT {
            return Err(Error::new(ErrorCode::QueryLimit, "the answer would be too large"));
        }
        Ok(())
    }
}

/// How reading a table ended.
enum Outcome<T> {
    Done(T),
    /// The table is no longer what was planned for; nothing was read.
    Stale,
    /// The order of the columns says nothing, because keys of long values are cut in them.
    Disordered,
}

impl<T> Outcome<T> {
    fn with<U>(self, result: U) -> Outcome<U> {
        match self {
            Self::Done(_) => Outcome::Done(result),
            Self::Stale => Outcome::Stale,
            Self::Disordered => Outcome::Disordered,
        }
    }
}

/// The reads of one request: they share a snapshot, a clock, limits and what is known of linked records.
pub(crate) struct Reader<'a> {
    pub(super) session: &'a Session,
    /// What names with a `$` mean.
    parameters: Object,
    now: Datetime,
    budget: Budget,
    pub(crate) links: Links,
    snapshot: Option<Snapshot>,
    tx: Option<Tx>,
    started: Instant,
    /// Records that were read to find those that match.
    scanned: Arc<AtomicUsize>,
    source: Source,
    pub(crate) output: Output,
    /// Of the filter that is being asked.
    failures: Failures,
    warnings: Vec<Warning>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(session: &'a Session, parameters: Object) -> Self {
        Self {
            session,
            parameters,
            now: Datetime::from_timestamp(crate::clock::now()),
            budget: Budget::new(MAX_STEPS, MAX_BYTES),
            links: Links::default(),
            snapshot: None,
            tx: None,
            started: Instant::now(),
            scanned: Arc::default(),
            source: Source::default(),
            output: Output(0),
            failures: Failures::default(),
            warnings: Vec::new(),
        }
    }

    /// The state that is read, where it is known before the end.
    pub(crate) fn seen(&self) -> Option<Tx> {
        self.tx
    }

    /// Says something beside the data, once.
    pub(crate) fn warn(&mut self, warning: Warning) {
        if self.warnings.len() < MAX_WARNINGS && !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// What was said since it was asked before.
    pub(crate) fn take_warnings(&mut self) -> Vec<Warning> {
        std::mem::take(&mut self.warnings)
    }

    /// The state that was read, and what was read of it.
    pub(crate) async fn finish(mut self) -> Result<(Tx, Source)> {
        let tx = match self.tx {
            Some(tx) => tx,
            None => self.session.database.store().head(self.session.namespace).await?,
        };
        if let Some(snapshot) = self.snapshot {
            snapshot.end().await?;
        }
        self.source.is_fleeting |= self.budget.is_fleeting();
        Ok((tx, self.source))
    }

    /// Everything that is read from now on is of one state.
    pub(crate) async fn hold_still(&mut self) -> Result<()> {
        self.snapshot().await.map(|_| ())
    }

    /// Narrows a question to what the caller may see.
    pub(crate) fn authorize(&self, select: Select) -> Authorized<Select> {
        Authorized::read(self.session.policy(&select.table), &self.session.principal, select)
    }

    /// The records that match, in order.
    pub(crate) async fn select(&mut self, read: &Authorized<Select>) -> Result<Selected> {
        if self.started.elapsed() > MAX_TIME {
            return Err(Error::new(ErrorCode::QueryLimit, "the query takes too long"));
        }
        let select = read.query();
        let watch = Watch::begin(self.session, select, &self.scanned);
        let owner = match read.rows() {
            // No table is looked up: such a caller does not learn which ones exist.
            Rows::Nothing => {
                if let Some(filter) = &select.filter {
                    self.check(filter)?;
                    self.translate_among(filter, OwnTimes::default(), &BTreeSet::new())?;
                }
                return Ok(Selected::default());
            }
            Rows::All => None,
            Rows::OwnedBy(key) => Some(sort_key::encode_record_key(key)?),
        };
        for _ in 0..MAX_PLANS {
            let table = self.shape(&select.table).await?;
            let select = &self.translated(select, table.as_deref()).await?;
            let Some(table) = table else { return Ok(Selected::default()) };
            self.failures = Failures::default();
            if select.after.as_ref().is_some_and(|after| !fits(after, &select.order)) {
                return Err(crate::cursor::refused());
            }
            let is_long = select.after.as_ref().is_some_and(is_long);
            let plan = self.plan(&table, select, owner.as_deref(), select.after.as_ref())?;
            let (mut outcome, mut is_all) = (Outcome::Disordered, false);
            if plan.is_indexed && !is_long {
                watch.plan(metrics::Plan::Index);
                outcome = self.select_by_index(&table, select, plan).await?;
            } else if plan.order.is_some() && !is_long {
                watch.plan(metrics::Plan::Scan);
                outcome = self.select_by_scan(&table, select, owner.as_deref()).await?;
            }
            if matches!(outcome, Outcome::Disordered) {
                watch.plan(metrics::Plan::Sort);
                (self.failures, is_all) = (Failures::default(), true);
                outcome = self.select_and_sort(&table, select, owner.as_deref()).await?;
            }
            match outcome {
                Outcome::Done(mut selected) => {
                    watch.done(selected.records.len());
                    selected.failures = std::mem::take(&mut self.failures);
                    selected.failures.is_all = is_all || (!selected.has_more && select.after.is_none());
                    return Ok(selected);
                }
                Outcome::Stale | Outcome::Disordered => {}
            }
        }
        Err(Error::unavailable("the definitions of the table keep changing"))
    }

    /// 404 where the table does not exist and a record of the caller's would not make it. Callers who may not read any record of the table get an empty list.
    pub(crate) async fn expect_table(&mut self, table: &TableName) -> Result<()> {
        let sees_nothing = matches!(self.session.policy(table).visible(&self.session.principal), Rows::Nothing);
        if sees_nothing || self.session.makes_tables() || self.shape(table).await?.is_some() {
            return Ok(());
        }
        Err(ddb_store::unknown_table(table))
    }

    /// How many records match, whatever the limit, and on how many the filter failed.
    pub(crate) async fn count(&mut self, read: &Authorized<Select>) -> Result<(u64, Failures)> {
        let select = read.query();
        let watch = Watch::begin(self.session, select, &self.scanned);
        watch.plan(metrics::Plan::Count);
        let owner = match read.rows() {
            Rows::Nothing => return Ok((0, Failures::default())),
            Rows::All => None,
            Rows::OwnedBy(key) => Some(sort_key::encode_record_key(key)?),
        };
        for _ in 0..MAX_PLANS {
            let Some(table) = self.shape(&select.table).await? else { return Ok((0, Failures::default())) };
            self.failures = Failures::default();
            let translated = self.translated(select, Some(&table)).await?;
            let unordered = Select { order: Vec::new(), after: None, ..translated };
            let plan = self.plan(&table, &unordered, owner.as_deref(), None)?;
            if plan.is_exact {
                let binds = plan.binds.into_iter().map(bind).collect();
                if let Some(count) = self.snapshot().await?.count(&table, &plan.condition, binds).await? {
                    watch.done(count as usize);
                    return Ok((count, Failures::default()));
                }
                continue;
            }
            let mut count = 0;
            let each = |_| {
                count += 1;
                Ok(true)
            };
            match self.each(&table, &unordered, owner.as_deref(), each).await? {
                Outcome::Done(()) => {
                    watch.done(count as usize);
                    return Ok((count, Failures { is_all: true, ..std::mem::take(&mut self.failures) }));
                }
                Outcome::Stale | Outcome::Disordered => {}
            }
        }
        Err(Error::unavailable("the definitions of the table keep changing"))
    }

    /// Reads the records that are linked to and not known yet.
    pub(crate) async fn fetch(&mut self, ids: Vec<RecordId>) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        self.snapshot().await?;
        let tables: HashSet<&TableName> = ids.iter().map(|id| &id.table).collect();
        for table in tables {
            self.shape(table).await?;
        }
        let snapshot = self.snapshot.as_mut().ok_or_else(|| Error::internal("the snapshot was just taken"))?;
        let session = self.session;
        let visible = |table: &TableName| session.policy(table).visible(&session.principal);
        self.links.fetch(snapshot, visible, ids).await
    }

    /// Evaluates an expression for each record.
    pub(crate) async fn evaluate(&mut self, expr: &Expr, records: &[Record]) -> Result<Vec<Value>> {
        self.try_evaluate(expr, records).await?.into_iter().collect()
    }

    /// Which records match a filter that was not asked of a table, with those on which it failed.
    pub(crate) async fn filtered(
        &mut self,
        filter: &Filter,
        own: OwnTimes,
        records: Vec<Record>,
    ) -> Result<(Vec<Record>, Failures)> {
        let filter = self.translate(filter, own).await?;
        self.failures = Failures::default();
        let records = self.matching(Some(&filter), records).await?;
        Ok((records, Failures { is_all: true, ..std::mem::take(&mut self.failures) }))
    }

    /// What an expression is for each record, or why it is nothing.
    async fn try_evaluate(&mut self, expr: &Expr, records: &[Record]) -> Result<Vec<Result<Value>>> {
        loop {
            let values = self.evaluate_once(expr, records)?;
            let missing = self.links.records.take_missing();
            if missing.is_empty() {
                return Ok(values);
            }
            self.fetch(missing).await?;
        }
    }

    /// What it is with the links that are known. A used up budget ends the request.
    fn evaluate_once(&self, expr: &Expr, records: &[Record]) -> Result<Vec<Result<Value>>> {
        let context = |record| Context {
            row: Some(Row::from(record)),
            parameters: &self.parameters,
            now: self.now,
            records: &self.links.records,
            budget: &self.budget,
        };
        let evaluate = || {
            let values = records.iter().map(|record| match ddb_engine::evaluate(expr, &context(record)) {
                Err(error) if error.code() != ErrorCode::InvalidQuery => Err(error),
                value => Ok(value),
            });
            values.collect()
        };
        aside_if(records.len() * (size(expr) + self.weight_of_parameters()) > FEW, evaluate)
    }

    async fn snapshot(&mut self) -> Result<&mut Snapshot> {
        if self.started.elapsed() > MAX_TIME {
            return Err(Error::new(ErrorCode::QueryLimit, "the query takes too long"));
        }
        if self.snapshot.is_none() {
            let (store, account) = (self.session.database.store(), self.session.principal.user_key());
            let snapshot = store.snapshot(self.session.namespace, account, self.session.request.as_ref()).await?;
            self.tx = Some(snapshot.tx());
            self.snapshot = Some(snapshot);
        }
        self.snapshot.as_mut().ok_or_else(|| Error::internal("the snapshot was just taken"))
    }

    pub(super) async fn shape(&mut self, table: &TableName) -> Result<Option<Arc<TableShape>>> {
        let shape = match &mut self.snapshot {
            Some(snapshot) => snapshot.shape(table).await?,
            None => self.session.database.store().shape(self.session.namespace, table).await?,
        };
        if let Some(shape) = &shape
            && self.source.definitions.is_some_and(|definitions| definitions != shape.definitions)
        {
            // One of them is out of date, and nothing else may show it: what is read by key needs no definitions.
            self.session.database.store().forget_shapes(self.session.namespace, &self.source.tables);
            self.session.database.store().forget_shapes(self.session.namespace, &[shape.id]);
        }
        self.source.add(shape.as_deref());
        Ok(shape)
    }

    /// The question with its filter in the language.
    async fn translated(&mut self, select: &Select, table: Option<&TableShape>) -> Result<Select<Expr>> {
        let own = table.map(own_times).unwrap_or_default();
        let filter = match &select.filter {
            Some(filter) => Some(self.translate(filter, own).await?),
            None => None,
        };
        let Select { table, filter: _, order, after, limit } = select.clone();
        Ok(Select { table, filter, order, after, limit })
    }

    /// A filter in the language. What is wrong with it is told whether there are records or not.
    async fn translate(&mut self, filter: &Filter, own: OwnTimes) -> Result<Expr> {
        let session = self.session;
        self.check(filter)?;
        let tables = aside_if(self.is_large(filter), || filter.tables(&self.parameters));
        let named = tables.len();
        let tables = match named {
            0 => BTreeSet::new(),
            _ => session.database.store().tables_among(session.namespace, tables).await?,
        };
        // A table that does not exist yet may be made, and then the filter means something else.
        self.source.is_fleeting |= tables.len() < named;
        self.translate_among(filter, own, &tables)
    }

    fn check(&self, filter: &Filter) -> Result<()> {
        aside_if(self.is_large(filter), || filter.check(&self.parameters))
    }

    fn is_large(&self, filter: &Filter) -> bool {
        size(&filter.expr) + self.weight_of_parameters() > FEW
    }

    /// The same where it is known which of the tables that it names exist.
    fn translate_among(&mut self, filter: &Filter, own: OwnTimes, tables: &BTreeSet<TableName>) -> Result<Expr> {
        let facts = Facts { parameters: &self.parameters, own, tables };
        let Translated { expr, warnings } = aside_if(self.is_large(filter), || filter.translate(facts))?;
        warnings.into_iter().for_each(|warning| self.warn(warning));
        Ok(expr)
    }

    fn weight_of_parameters(&self) -> usize {
        if self.parameters.is_empty() { 0 } else { ddb_core::weight(&self.parameters) }
    }

    fn plan(&self, table: &TableShape, select: &Select<Expr>, owner: Option<&[u8]>, after: Option<&Position>) -> Result<Plan> {
        let question = Question { filter: select.filter.as_ref(), owner, order: &select.order, after };
        plan::plan(question, &shape(table), self, Scan::FIRST_PLACE)
    }

    /// One statement.
    async fn select_by_index(&mut self, table: &TableShape, select: &Select<Expr>, plan: Plan) -> Result<Outcome<Selected>> {
        let order = plan.order.ok_or_else(|| Error::internal("a plan by an index has no order"))?;
        let binds = plan.binds.into_iter().map(bind).collect();
        let scan = Scan { condition: plan.condition, binds, order, limit: select.limit as u32 + 1 };
        let scanned = match &mut self.snapshot {
            Some(snapshot) => snapshot.scan(table, scan).await?,
            None => self.session.database.store().scan(self.session.namespace, table, scan).await?,
        };
        let Some(scanned) = scanned else { return Ok(Outcome::Stale) };
        self.scanned.fetch_add(scanned.records.len(), Ordering::Relaxed);
        self.source.now = self.source.now.max(Some(scanned.now));
        if self.snapshot.is_none() {
            self.tx = Some(scanned.tx);
        }
        self.source.bytes += scanned.bytes;
        let mut records = scanned.records;
        for record in &records {
            if is_long(&position(record, &select.order)?) {
                return Ok(Outcome::Disordered);
            }
        }
        let has_more = records.len() > select.limit || !scanned.is_complete;
        records.truncate(select.limit);
        let records = self.matching(select.filter.as_ref(), records).await?;
        Ok(Outcome::Done(Selected { records, has_more, failures: Failures::default() }))
    }

    /// As many statements as it takes, in an order that columns have.
    async fn select_by_scan(
        &mut self,
        table: &TableShape,
        select: &Select<Expr>,
        owner: Option<&[u8]>,
    ) -> Result<Outcome<Selected>> {
        let mut selected = Selected::default();
        let mut bytes = 0;
        let take = |record: Record| {
            if selected.records.len() == select.limit || bytes > MAX_PAGE_BYTES {
                selected.has_more = true;
                return Ok(false);
            }
            bytes += ddb_core::doc::encode(&record.fields).len();
            selected.records.push(record);
            Ok(true)
        };
        Ok(self.each(table, select, owner, take).await?.with(selected))
    }

    /// Every record that matches is looked at, and the first ones are kept.
    async fn select_and_sort(
        &mut self,
        table: &TableShape,
        select: &Select<Expr>,
        owner: Option<&[u8]>,
    ) -> Result<Outcome<Selected>> {
        let by_key = Select { order: Vec::new(), after: None, ..select.clone() };
        let mut sorted = Sorted::new(&select.order, select.limit);
        let take = |record: Record| sorted.push(record, select.after.as_ref()).map(|()| true);
        let outcome = self.each(table, &by_key, owner, take).await?;
        let (records, has_more) = sorted.finish();
        Ok(outcome.with(Selected { records, has_more, failures: Failures::default() }))
    }

    /// Hands out every record that matches, in an order that columns have, until `take` says no.
    async fn each(
        &mut self,
        table: &TableShape,
        select: &Select<Expr>,
        owner: Option<&[u8]>,
        mut take: impl FnMut(Record) -> Result<bool>,
    ) -> Result<Outcome<()>> {
        let mut after = select.after.clone();
        let mut chunk = FIRST_CHUNK;
        let mut is_first = true;
        loop {
            let plan = self.plan(table, select, owner, after.as_ref())?;
            let order = plan.order.ok_or_else(|| Error::internal("the order has no columns"))?;
            if plan.is_exact && is_first {
                chunk = select.limit + 1;
            }
            let binds = plan.binds.into_iter().map(bind).collect();
            let scan = Scan { condition: plan.condition, binds, order, limit: chunk as u32 };
            let Some(scanned) = self.snapshot().await?.scan(table, scan).await? else {
                return match is_first {
                    true => Ok(Outcome::Stale),
                    false => Err(Error::unavailable("an index was just removed; ask again")),
                };
            };
            is_first = false;
            self.source.now = self.source.now.max(Some(scanned.now));
            self.source.bytes += scanned.bytes;
            let so_far = self.scanned.fetch_add(scanned.records.len(), Ordering::Relaxed) + scanned.records.len();
            for record in &scanned.records {
                let place = position(record, &select.order)?;
                if is_long(&place) {
                    return Ok(Outcome::Disordered);
                }
                after = Some(place);
            }
            for record in self.matching(select.filter.as_ref(), scanned.records).await? {
                if !take(record)? {
                    return Ok(Outcome::Done(()));
                }
            }
            if scanned.is_complete {
                return Ok(Outcome::Done(()));
            }
            if so_far > MAX_SCANNED || self.started.elapsed() > MAX_TIME {
                let message = "the query has to look at too many records; an index on what it filters or orders by would help";
                return Err(Error::new(ErrorCode::QueryLimit, message));
            }
            chunk = (chunk * 4).min(MAX_CHUNK);
        }
    }

    /// The records for which the filter is truthy. One on which it fails does not match.
    async fn matching(&mut self, filter: Option<&Expr>, records: Vec<Record>) -> Result<Vec<Record>> {
        let Some(filter) = filter else { return Ok(records) };
        let values = self.try_evaluate(filter, &records).await?;
        let failures = &mut self.failures;
        let matching = records.into_iter().zip(values).filter(|(_, value)| match value {
            Ok(value) => ddb_engine::is_truthy(value),
            Err(error) => {
                failures.add(error);
                false
            }
        });
        Ok(matching.map(|(record, _)| record).collect())
    }
}

/// Whether an expression holds so much that what reads all of it keeps others waiting.
pub(crate) fn is_large(expr: &Expr) -> bool {
    size(expr) > FEW
}

/// How many values an expression looks at, about.
fn size(expr: &Expr) -> usize {
    let own = match expr.as_literal() {
        Some(Value::Array(items) | Value::Set(items)) => items.len(),
        Some(Value::Object(object)) => object.len(),
        _ => 1,
    };
    own + expr.children().into_iter().map(size).sum::<usize>()
}

/// Documents of one page.
const MAX_PAGE_BYTES: usize = 8 << 20;

/// Whether a place is one of this order: cursors of earlier versions held times as numbers.
fn fits(place: &Position, order: &[OrderTerm]) -> bool {
    let is_number = |term: &OrderTerm| term.path.len() == 1 && term.path[0] == "_tx";
    place.parts.iter().zip(order).all(|(part, term)| is_number(term) == matches!(part, PositionPart::Int(_)))
}

/// What is the same for every row is evaluated without one.
impl Constants for Reader<'_> {
    fn evaluate(&self, expr: &Expr) -> Result<Value> {
        let records = Records::new();
        let context = Context { row: None, parameters: &self.parameters, now: self.now, records: &records, budget: &self.budget };
        let value = ddb_engine::evaluate(expr, &context)?;
        if records.is_missing_any() {
            return Err(Error::internal("the value of a link depends on what it leads to"));
        }
        Ok(value)
    }
}
