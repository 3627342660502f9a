//! What is printed: a line per run, then a table of medians beside the peer and the targets.

use crate::conditions::Conditions;
use crate::dialect::Dialect;
use crate::figures::{Figure, Target};
use crate::load::Run;
use crate::measure::Contender;
use crate::options::Options;
use crate::workload::Operation;

/// More than this share of the machine in other hands makes a run doubtful.
const NOISE: f64 = 5.0;

pub(crate) fn print_conditions(options: &Options, conditions: &Conditions) {
    println!(
        "commit {} on {}, Linux {}, data on {}",
        conditions.commit, conditions.machine, conditions.kernel, conditions.file_system
    );
    println!(
        "{} records of 4 fields, 16 users with a sixteenth each, {} keep-alive connections; runs: {} of {:?} after {:?}",
        options.records(),
        options.connections(),
        options.runs(),
        options.window(),
        options.warm_up()
    );
    if conditions.file_system == "tmpfs" {
        println!("WARNING: the data lies in memory, so that flushing costs nothing; give --directory on a disk");
    }
}

pub(crate) fn print_run(dialect: Dialect, operation: Operation, number: usize, run: &Run) {
    let cpu = &run.cpu;
    print!(
        "{:<7} {:<10} {number}  {:>7.0}/s  p50 {:>6.2} ms  p99 {:>6.2} ms",
        operation.name(),
        dialect.name(),
        run.per_second,
        run.p50,
        run.p99
    );
    let mut groups = vec![(dialect.process_name(), cpu.server)];
    if dialect == Dialect::DarshJdb {
        groups.push(("postgres", cpu.postgres));
    }
    groups.push(("load", cpu.generator));
    print!("  CPU");
    for (name, seconds) in groups {
        print!(" {name} {:.0} % ({:.0} µs)", cpu.share(seconds), run.per_request(seconds));
    }
    print!(", others {:.0} %, stolen {:.0} %", cpu.share(cpu.others), cpu.share(cpu.stolen));
    match run.loaded_bytes {
        Some(bytes) => println!("  PSS {:.0} MB", bytes as f64 / 1e6),
        None => println!(),
    }
    if is_disturbed(run) {
        println!("        DISTURBED: something else used the machine during this run");
    }
    if run.failures.count() > 0 {
        println!("  !!!!  INVALID: {} of these requests failed", run.failures.count());
        for (kind, count, example) in run.failures.kinds() {
            println!("  !!!!  {count} × {kind}, such as: {example}");
        }
    }
}

pub(crate) fn print_summary(contenders: &[Contender], figures: &[Figure]) {
    for contender in contenders.iter().filter(|contender| contender.server.dialect == Dialect::DarshJdb) {
        let durability = contender.durability.as_deref().unwrap_or("synchronous_commit unknown: no psql beside the server");
        println!("\nDarshJDB: {durability}; answer cache off, but for the repeated lists");
    }
    let runs = || contenders.iter().flat_map(|contender| &contender.runs).map(|(_, run)| run);
    let disturbed = runs().filter(|run| is_disturbed(run)).count();
    if disturbed > 0 {
        println!("DISTURBED: {disturbed} of {} runs, by other work on this machine; look at the ratios only", runs().count());
    }
    println!();
    print_row("median (p50/p99 ms)", "DarshJDB", "PocketBase", "ratio", "at least", "aim", "");
    for figure in figures.iter().filter(|figure| figure.is_in_table) {
        let (least, aim, verdict) = target(figure);
        let (ours, theirs) = match &figure.latencies {
            Some(latencies) => (latencies.ours, latencies.theirs),
            None => (None, None),
        };
        print_row(
            &figure.name,
            &cell(figure.ours, figure.unit, ours),
            &cell(figure.theirs, figure.unit, theirs),
            &figure.ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}")),
            &least,
            &aim,
            verdict,
        );
    }
}

fn print_row(name: &str, ours: &str, theirs: &str, ratio: &str, least: &str, aim: &str, verdict: &str) {
    let row = format!("{name:<25}{ours:<27}{theirs:<27}{ratio:>7}   {least:<10}{aim:<8}{verdict}");
    println!("{}", row.trim_end());
}

fn target(figure: &Figure) -> (String, String, &'static str) {
    match &figure.target {
        None | Some(Target::Stated) => (String::new(), String::new(), ""),
        Some(Target::AtLeast { least, aim }) => {
            let verdict = verdict(figure.ours, |value| value >= *least, |value| value >= *aim);
            (format!("{least} {}", figure.unit), format!("{aim} {}", figure.unit), verdict)
        }
        Some(Target::Times { least, aim }) => {
            let verdict = verdict(figure.ratio, |ratio| ratio >= *least, |ratio| ratio >= *aim);
            (format!("{least} ×"), format!("{aim} ×"), verdict)
        }
        Some(Target::AtMost { least, aim }) => {
            let verdict = verdict(figure.ours, |value| value <= *least, |value| value <= *aim);
            (format!("{least} {}", figure.unit), format!("{aim} {}", figure.unit), verdict)
        }
    }
}

fn verdict(value: Option<f64>, is_enough: impl Fn(f64) -> bool, is_aim: impl Fn(f64) -> bool) -> &'static str {
    match value {
        None => "",
        Some(value) if is_aim(value) => "aim met",
        Some(value) if is_enough(value) => "met",
        Some(_) => "SHORT",
    }
}

fn cell(value: Option<f64>, unit: &str, latencies: Option<(f64, f64)>) -> String {
    let Some(value) = value else { return "–".to_owned() };
    let number = if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") };
    match latencies {
        Some((p50, p99)) => format!("{number} {unit} ({p50:.1}/{p99:.1})"),
        None => format!("{number} {unit}"),
    }
}

fn is_disturbed(run: &Run) -> bool {
    run.cpu.share(run.cpu.others + run.cpu.stolen) > NOISE
}
