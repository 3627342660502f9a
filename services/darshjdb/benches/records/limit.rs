//! The physical limit: what PostgreSQL itself does through pgbench with prepared statements, on rows of the same fields in
//! the same server with the same settings, while `ddb` is idle. Left out where pgbench does not lie beside the server.

use tokio::process::Command;

use crate::options::Options;
use crate::postgres::{DATABASE, Postmaster};
use crate::workload::Operation;
use crate::{Result, fail};

const SCRATCH: &str = "bench_limit";
/// Connections that `ddb` may still open meanwhile.
const SPARE: usize = 5;

const CREATE: &str = r"\set number random(0, 999999)
insert into tasks (title, status, priority, done, owner)
values ('task number ' || :number, 'active', :number, false, :number % 16);
";
const GET: &str = r"\set id random(1, :records)
select * from tasks where id = :id;
";
const UPDATE: &str = r"\set id random(1, :records)
\set number random(0, 999999)
update tasks set priority = :number, updated = now() where id = :id;
";

pub(crate) struct Limit {
    pub(crate) operation: Operation,
    pub(crate) per_second: f64,
}

pub(crate) async fn measure(postmaster: &Postmaster, options: &Options) -> Result<Vec<Limit>> {
    let free = "select current_setting('max_connections')::int - count(*) from pg_stat_activity";
    let free: Option<usize> = postmaster.ask(DATABASE, free).and_then(|text| text.parse().ok());
    let has_pgbench = postmaster.client("pgbench", SCRATCH).arg("--version").output().is_ok();
    let (Some(free), true) = (free, has_pgbench) else { return Ok(Vec::new()) };
    let clients = options.connections().min(free.saturating_sub(SPARE)).max(1);

    prepare(postmaster, options.records())?;
    let mut limits = Vec::new();
    for (operation, script) in [(Operation::Get, GET), (Operation::Update, UPDATE), (Operation::Create, CREATE)] {
        let per_second = run(postmaster, options, clients, script).await?;
        println!("limit   {:<10} {per_second:>10.0}/s  PostgreSQL alone, {clients} clients", operation.name());
        limits.push(Limit { operation, per_second });
    }
    postmaster.ask(DATABASE, &format!("drop database {SCRATCH}"));
    Ok(limits)
}

fn prepare(postmaster: &Postmaster, records: usize) -> Result<()> {
    let table = format!(
        "create table tasks (
           id bigint generated always as identity primary key,
           title text, status text, priority int, done bool, owner bigint,
           created timestamptz not null default now(), updated timestamptz not null default now()
         );
         insert into tasks (title, status, priority, done, owner)
         select 'task number ' || n, 'active', n % 1000, false, n % 16 from generate_series(1, {records}) n;
         analyze tasks;"
    );
    let is_made = postmaster.ask(DATABASE, &format!("create database {SCRATCH}")).is_some()
        && postmaster.ask(SCRATCH, &table).is_some()
        && postmaster.ask(DATABASE, "checkpoint").is_some();
    if is_made { Ok(()) } else { fail("the table for pgbench could not be made") }
}

async fn run(postmaster: &Postmaster, options: &Options, clients: usize, script: &str) -> Result<f64> {
    let file = options.directory.join(format!("bench-{}.sql", std::process::id()));
    std::fs::write(&file, script)?;
    let mut pgbench = Command::from(postmaster.client("pgbench", SCRATCH));
    pgbench.args(["--no-vacuum", "--protocol", "prepared", "--jobs", "1"]);
    pgbench.arg("--client").arg(clients.to_string()).arg("--time").arg(options.window().as_secs().max(1).to_string());
    pgbench.arg("--define").arg(format!("records={}", options.records())).arg("--file").arg(&file);
    let output = pgbench.kill_on_drop(true).output().await;
    std::fs::remove_file(&file)?;
    let output = output?;

    let text = String::from_utf8_lossy(&output.stdout);
    let per_second = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    match per_second {
        Some(per_second) => Ok(per_second),
        None => fail(format!("pgbench failed: {}", String::from_utf8_lossy(&output.stderr).trim())),
    }
}
