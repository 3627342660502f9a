use clap::{ArgMatches, Args};
use ddb_core::{NamespaceName, Result};
use ddb_runtime::{Config, Definitions, InForce, Settings, Space, Value as Set, disk};
use ddb_store::{Growth, Status};
use serde_json::{Value, json};

use super::count::count;
use super::database::{namespaces, with_database};
use super::size::size;
use crate::output;

/// Facts below which sizes say little: what the indexes take when they are empty is most of it.
const FEW_FACTS: i64 = 10_000;
/// No disk is planned for longer.
const DAYS_TO_PLAN: f64 = 3_650.0;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Show all settings, also those that have their default
    #[arg(long)]
    settings: bool,
    /// Only this namespace; otherwise all of them
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

struct Shown {
    place: String,
    /// That of `main` first: it stands for the whole where there is no other.
    namespaces: Vec<(NamespaceName, Status)>,
    growth: Growth,
    /// None: the PostgreSQL is another one's.
    disk: Option<Space>,
    settings: Vec<InForce>,
}

/// `definitions` are those of a server, whose settings are shown; the command itself logs as `quiet` says.
pub(crate) fn run(definitions: &Definitions, quiet: &Definitions, flags: &ArgMatches, arguments: &Arguments) -> Result<()> {
    let name = arguments.namespace.as_deref().map(NamespaceName::parse).transpose()?;
    let settings = Settings::of_process(definitions, flags)?.in_force(definitions);
    with_database(quiet, flags, async |config, attachment| {
        let store = attachment.database.store();
        let mut all = Vec::new();
        for namespace in namespaces(attachment, name.as_ref()).await? {
            all.push((namespace.name, store.status(namespace.id).await?));
        }
        all.sort_by_key(|(name, _)| name.as_str() != NamespaceName::MAIN);
        let growth = store.growth().await?;
        let shown = Shown { place: place(config), namespaces: all, growth, disk: disk(config)?, settings };
        output::either(arguments.json, &as_json(&shown), &sentences(&shown, arguments.settings))
    })
}

fn place(config: &Config) -> String {
    match (&config.database_url, &config.data_dir) {
        (None, Some(data_dir)) => data_dir.display().to_string(),
        _ => "the PostgreSQL of DATABASE_URL".to_owned(),
    }
}

fn as_json(shown: &Shown) -> Value {
    let of_namespace = |(name, status): &(NamespaceName, Status)| {
        let tables: Vec<_> = status
            .tables
            .iter()
            .map(|table| json!({ "name": table.name.as_str(), "records": table.records, "bytes": table.bytes }))
            .collect();
        json!({ "name": name.as_str(), "tx": status.head.0, "head_hash": status.head_hash, "tables": tables })
    };
    let namespaces: Vec<Value> = shown.namespaces.iter().map(of_namespace).collect();
    let first = shown.namespaces.first();
    let growth = &shown.growth;
    let disk = shown.disk.map(|disk| {
        json!({
            "free_bytes": disk.free,
            "total_bytes": disk.total,
            "days_until_full": growth.days_until_full(disk.until_kept()),
        })
    });
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "postgres_version": first.map(|(_, status)| &status.postgres_version),
        "log_bytes": first.map(|(_, status)| status.log_bytes),
        "tx": namespaces.first().map(|first| &first["tx"]),
        "head_hash": namespaces.first().map(|first| &first["head_hash"]),
        "tables": namespaces.first().map(|first| &first["tables"]),
        "namespaces": namespaces,
        "growth": {
            "transactions": growth.transactions,
            "facts": growth.facts,
            "records": growth.records,
            "log_bytes": growth.log_bytes,
            "records_bytes": growth.records_bytes,
            "database_bytes": growth.database_bytes,
            "bytes_per_record": growth.bytes_per_record(),
            "transactions_per_day": growth.transactions_per_day,
            "facts_per_day": growth.facts_per_day,
            "log_bytes_per_day": growth.log_bytes_per_day(),
        },
        "disk": disk,
        "settings": shown.settings.iter().map(setting_as_json).collect::<Vec<_>>(),
    })
}

fn setting_as_json(setting: &InForce) -> Value {
    let value = match &setting.value {
        Set::Text(text) => Some(text),
        Set::Secret | Set::NotSet => None,
    };
    json!({ "name": setting.name, "value": value, "secret": setting.value == Set::Secret, "origin": setting.origin })
}

fn sentences(shown: &Shown, all_settings: bool) -> String {
    let Shown { place, namespaces, growth, disk, settings } = shown;
    let mut lines = Vec::new();
    if let Some((_, status)) = namespaces.first() {
        lines.push(format!("ddb {} on {place} (PostgreSQL {})", env!("CARGO_PKG_VERSION"), status.postgres_version));
    }
    let has_pace = growth.facts >= FEW_FACTS;
    let pace = if has_pace { format!(", and {} a day", bytes(growth.log_bytes_per_day())) } else { String::new() };
    lines.push(format!("log           {}{pace}", size(growth.log_bytes)));
    let each = growth.bytes_per_record().filter(|_| has_pace);
    let each = each.map(|each| format!(", with the log {} of each record", bytes(each))).unwrap_or_default();
    lines.push(format!("records       {}{each}", size(growth.records_bytes)));
    if let Some(disk) = disk {
        let days = if has_pace { until_full(growth, disk) } else { Default::default() };
        lines.push(format!(
            "disk          {} of {} of the disk are free{days}",
            bytes(disk.free as f64),
            bytes(disk.total as f64)
        ));
    }
    for (name, status) in namespaces {
        if namespaces.len() > 1 {
            lines.push(format!("namespace     {name}"));
        }
        lines.push(format!("transactions  {}", status.head));
        lines.push(format!("head          {}", status.head_hash.as_deref().unwrap_or("none yet")));
        for table in &status.tables {
            lines.push(format!("table         {}: {}, {}", table.name, count(table.records, "record"), size(table.bytes)));
        }
    }
    lines.extend(of_settings(settings, all_settings));
    lines.join("\n")
}

fn until_full(growth: &Growth, disk: &Space) -> String {
    match growth.days_until_full(disk.until_kept()) {
        Some(days) if days > DAYS_TO_PLAN => "; at this pace there is room for more than ten years".to_owned(),
        Some(days) => format!("; at this pace writes are refused in {}", count(days as i64, "day")),
        None => "; nothing was written in the last seven days".to_owned(),
    }
}

/// A running server may have been started with others.
fn of_settings(settings: &[InForce], all: bool) -> Vec<String> {
    let shown: Vec<_> = settings.iter().filter(|setting| all || setting.is_given()).collect();
    let of_command = "as this command finds them; a running server may have others";
    let mut lines = Vec::new();
    match (all, shown.is_empty()) {
        (true, _) => lines.push(format!("settings, {of_command}:")),
        (false, true) => lines.push(format!("settings      all have their default, {of_command}; --settings shows them")),
        (false, false) => lines.push(format!("settings without their default (--settings shows all), {of_command}:")),
    }
    lines.extend(shown.iter().map(|setting| format!("  {:28} {} ({})", setting.name, setting.value, setting.origin)));
    lines
}

fn bytes(number: f64) -> String {
    size(number as i64)
}
