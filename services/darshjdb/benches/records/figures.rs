//! The figures of a whole measurement: medians over the runs, the peer's beside them, and what they should reach.

use crate::dialect::Dialect;
use crate::load::Run;
use crate::measure::Contender;
use crate::workload::Operation;

/// A named value of DarshJDB and of its peer.
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) unit: &'static str,
    pub(crate) ours: Option<f64>,
    pub(crate) theirs: Option<f64>,
    /// Of the values of each pair of runs, then the median.
    pub(crate) ratio: Option<f64>,
    pub(crate) target: Option<Target>,
    /// Percentiles that stand beside a throughput.
    pub(crate) latencies: Option<Latencies>,
    /// What stands beside another figure in the table has a line of its own in the history only.
    pub(crate) is_in_table: bool,
}

pub(crate) enum Target {
    /// At least so many times the peer's throughput.
    Times { least: f64, aim: f64 },
    /// At least this value.
    AtLeast { least: f64, aim: f64 },
    /// Nothing is asked.
    Stated,
    /// At most this value.
    AtMost { least: f64, aim: f64 },
}

/// Milliseconds: p50 and p99.
pub(crate) struct Latencies {
    pub(crate) ours: Option<(f64, f64)>,
    pub(crate) theirs: Option<(f64, f64)>,
}

type RunValue = fn(&Run) -> f64;

pub(crate) fn of(contenders: &[Contender]) -> Vec<Figure> {
    let find = |dialect| contenders.iter().find(|contender| contender.server.dialect == dialect);
    let pair = Pair { ours: find(Dialect::DarshJdb), theirs: find(Dialect::PocketBase) };
    let megabytes = |bytes: u64| bytes as f64 / 1e6;

    let mut figures = Vec::new();
    figures.extend(operation(&pair, Operation::Create, Target::Times { least: 2.5, aim: 4.0 }));
    figures.extend(operation(&pair, Operation::Get, Target::Times { least: 3.0, aim: 6.0 }));
    figures.extend(operation(&pair, Operation::Update, Target::Times { least: 2.5, aim: 4.0 }));
    figures.extend(operation(&pair, Operation::Mixed, Target::Times { least: 3.0, aim: 6.0 }));
    figures.extend(operation(&pair, Operation::List, Target::Times { least: 2.0, aim: 4.0 }));
    figures.extend(operation(&pair, Operation::RepeatedList, Target::Stated));
    let of_many = operation(&pair, Operation::CreateMany, Target::AtLeast { least: 15.0, aim: 30.0 });
    figures.extend(of_many);
    figures.extend([
        pair.figure("memory idle", "MB", |contender| contender.idle_bytes.iter().map(|bytes| megabytes(*bytes)).collect())
            .with_target(Target::AtMost { least: 120.0, aim: 80.0 }),
        // Memory is a high-water mark: the largest of all runs.
        pair.figure("memory loaded", "MB", |contender| {
            let without_cache = contender.runs.iter().filter(|(operation, _)| !operation.has_cache());
            without_cache.filter_map(|(_, run)| run.loaded_bytes).max().map(megabytes).into_iter().collect()
        })
        .with_target(Target::AtMost { least: 300.0, aim: 200.0 }),
        pair.figure("memory after load", "MB", |contender| contender.bytes_after_load.map(megabytes).into_iter().collect()),
        pair.figure("start", "s", |contender| contender.starts.iter().map(|start| start.as_secs_f64()).collect())
            .with_target(Target::AtMost { least: 2.0, aim: 1.0 }),
        pair.figure("first start", "s", |contender| contender.first_start.map(|start| start.as_secs_f64()).into_iter().collect()),
        pair.figure("disk per created record", "B", |contender| contender.disk_per_record.clone()),
        pair.figure("WAL per created record", "B", |contender| contender.wal_per_record.clone()),
    ]);
    for limit in pair.ours.iter().flat_map(|ours| &ours.limits) {
        figures.push(pair.figure(format!("limit of {}", limit.operation.name()), "1/s", |contender| {
            contender.limits.iter().filter(|other| other.operation == limit.operation).map(|other| other.per_second).collect()
        }));
    }
    figures
}

fn operation(pair: &Pair<'_>, operation: Operation, target: Target) -> Vec<Figure> {
    // A process group that a server does not have costs nothing, which is no figure.
    let values = |value: RunValue| {
        move |contender: &Contender| contender.runs_of(operation).map(value).filter(|value| *value > 0.0).collect()
    };
    let named = |part: &str| format!("{} {part}", operation.name());

    let p50 = pair.figure(named("p50"), "ms", values(|run| run.p50));
    let p99 = pair.figure(named("p99"), "ms", values(|run| run.p99));
    let latencies = Latencies { ours: p50.ours.zip(p99.ours), theirs: p50.theirs.zip(p99.theirs) };
    vec![
        pair.figure(operation.name(), "1/s", values(|run| run.per_second)).with_target(target).with_latencies(latencies),
        p50.out_of_table(),
        p99.out_of_table(),
        pair.figure(named("cpu of server"), "µs", values(|run| run.per_request(run.cpu.server))),
        pair.figure(named("cpu of postgres"), "µs", values(|run| run.per_request(run.cpu.postgres))),
        pair.figure(named("cpu of load"), "µs", values(|run| run.per_request(run.cpu.generator))),
    ]
}

struct Pair<'a> {
    ours: Option<&'a Contender>,
    theirs: Option<&'a Contender>,
}

impl Pair<'_> {
    fn figure(&self, name: impl Into<String>, unit: &'static str, values: impl Fn(&Contender) -> Vec<f64>) -> Figure {
        let ours = self.ours.map(&values).unwrap_or_default();
        let theirs = self.theirs.map(&values).unwrap_or_default();
        let ratios = ours.iter().zip(&theirs).filter(|(_, theirs)| **theirs > 0.0).map(|(ours, theirs)| ours / theirs);
        Figure {
            name: name.into(),
            unit,
            ratio: median(ratios.collect()),
            ours: median(ours),
            theirs: median(theirs),
            target: None,
            latencies: None,
            is_in_table: true,
        }
    }
}

impl Figure {
    fn with_target(self, target: Target) -> Self {
        Self { target: Some(target), ..self }
    }

    fn with_latencies(self, latencies: Latencies) -> Self {
        Self { latencies: Some(latencies), ..self }
    }

    fn out_of_table(self) -> Self {
        Self { is_in_table: false, ..self }
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.retain(|value| value.is_finite());
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}
