//! How long a backup and its restore take: `cargo run --release -p ddb-store --example backup -- <records>`.
//!
//! Records of 4 fields, each group of 1,000 in a transaction, with one index; on the PostgreSQL of the test kit, which is the embedded one with its
//! settings for 512 MB.

use std::fs::File;
use std::io::{BufReader, BufWriter, Seek};
use std::time::{Duration, Instant};

use ddb_core::{Error, NamespaceId, Object, RecordKey, Result, TableName, Value};
use ddb_store::backup::{Progress, check, restore, save};
use ddb_store::verify::{self, Scope};
use ddb_store::{Allowance, Change, Config, Step, Store, Write, job};
use ddb_testkit::{Database, Directory};

const GROUP: u64 = 1_000;
/// How often the step of a restore is looked at.
const TICK: Duration = Duration::from_millis(100);

#[tokio::main]
async fn main() -> Result<()> {
    let records: u64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let (one, two) = (Database::new().await, Database::new().await);
    let store = Store::open(Config::new(one.options())).await?;
    let begun = Instant::now();
    for first in (0..records).step_by(GROUP as usize) {
        let steps = (first..(first + GROUP).min(records)).map(create).collect::<Result<_>>()?;
        store
            .write(Write {
                namespace: NamespaceId::MAIN,
                actor: None,
                request: None,
                allowance: Allowance::ANY,
                steps,
                system: Vec::new(),
            })
            .await?;
    }
    println!("{records} records written in {:.1?}", begun.elapsed());

    let directory = Directory::new();
    let path = directory.path().join("backup");
    let begun = Instant::now();
    let file = BufWriter::new(File::create(&path).map_err(Error::internal)?);
    let (saved, file) = save(&store, file, &Progress::default()).await?;
    file.into_inner().map_err(Error::internal)?.sync_all().map_err(Error::internal)?;
    println!("backup: {:.1?}, {} MB", begun.elapsed(), saved.bytes >> 20);
    store.close().await;

    let begun = Instant::now();
    let progress = Progress::default();
    let mut file = File::open(&path).map_err(Error::internal)?;
    let checked = check(BufReader::with_capacity(256 << 10, &file), &progress)?;
    println!("check: {:.1?}", begun.elapsed());
    file.rewind().map_err(Error::internal)?;
    let config = Config::new(two.options());
    let restoring = restore(&config, BufReader::with_capacity(256 << 10, file), &checked, &[], &progress);
    tokio::pin!(restoring);
    let mut step = (String::new(), Instant::now());
    let restored = loop {
        let now = progress.now().0;
        if now != step.0 {
            println!("  {:.1?} {}", step.1.elapsed(), step.0);
            step = (now, Instant::now());
        }
        tokio::select! {
            restored = &mut restoring => break restored?,
            () = tokio::time::sleep(TICK) => {}
        }
    };
    println!("  {:.1?} {}", step.1.elapsed(), step.0);
    println!("restore: {:.1?}, {} records, {} facts", begun.elapsed(), restored.records, restored.facts);
    println!("memory of this process at most: {}", peak());

    let store = Store::open(config.clone()).await?;
    let report = verify::verify(
        &store,
        NamespaceId::MAIN,
        Scope::whole(Some(&saved.header.namespaces[0].head_hash)),
        &job::Progress::default(),
    )
    .await?;
    println!("verify: {}", if report.is_sound() { "sound" } else { "NOT sound" });
    store.close().await;
    Ok(())
}

fn create(number: u64) -> Result<Step> {
    let text = |text: String| Value::String(text);
    let fields: Object = [
        ("title".to_owned(), text(format!("task number {number}"))),
        ("status".to_owned(), text(["open", "active", "done"][number as usize % 3].to_owned())),
        ("priority".to_owned(), Value::Int((number % 10) as i64)),
        ("project".to_owned(), text(format!("project-{:08x}", number.wrapping_mul(2_654_435_761) as u32))),
    ]
    .into_iter()
    .collect();
    Ok(Step {
        table: TableName::parse("tasks")?,
        key: RecordKey::String(format!("{number:012x}")),
        makes_table: true,
        past: None,
        decide: Box::new(move |_| Ok(Change::Create { fields: fields.clone(), owner: None, expires: None })),
    })
}

fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("unknown").trim().to_owned()
}
