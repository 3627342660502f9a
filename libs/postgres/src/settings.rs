const MIB: u64 = 1 << 20;

/// The settings of the server, as arguments: they are those of this `ddb`, whatever stands in the files of the cluster.
/// Why each has its value is told in the crate's documentation.
pub(crate) fn settings(memory: u64, disk: u64) -> Vec<String> {
    let mib = |bytes: u64, least: u64, most: u64| format!("{}MB", (bytes / MIB).clamp(least, most));
    vec![
        // Who gets in, and how.
        "listen_addresses=".to_owned(),
        "unix_socket_permissions=0700".to_owned(),
        "password_encryption=scram-sha-256".to_owned(),
        "max_connections=40".to_owned(),
        "superuser_reserved_connections=0".to_owned(),
        // Memory.
        format!("shared_buffers={}", mib(memory / 8, 32, 128)),
        format!("effective_cache_size={}", mib(memory / 2, 128, 1 << 20)),
        format!("work_mem={}", mib(memory / 128, 4, 32)),
        format!("maintenance_work_mem={}", mib(memory / 16, 32, 128)),
        format!("autovacuum_work_mem={}", mib(memory / 16, 16, 32)),
        "huge_pages=off".to_owned(),
        "jit=off".to_owned(),
        // Processes.
        "max_worker_processes=2".to_owned(),
        "max_parallel_workers=2".to_owned(),
        "max_parallel_workers_per_gather=0".to_owned(),
        "max_parallel_maintenance_workers=1".to_owned(),
        "max_logical_replication_workers=0".to_owned(),
        "max_wal_senders=0".to_owned(),
        "max_replication_slots=0".to_owned(),
        "autovacuum_max_workers=2".to_owned(),
        // Durability: the defaults, which nothing in the cluster's files may weaken.
        "fsync=on".to_owned(),
        "full_page_writes=on".to_owned(),
        "synchronous_commit=on".to_owned(),
        // The log of changes.
        "wal_level=minimal".to_owned(),
        format!("min_wal_size={}", mib(disk / 40, 32, 80)),
        format!("max_wal_size={}", mib(disk / 10, 64, 512)),
        "checkpoint_timeout=15min".to_owned(),
        // Messages: they go to the log of `ddb`, without the values of statements.
        "logging_collector=off".to_owned(),
        "log_destination=stderr".to_owned(),
        "log_line_prefix=".to_owned(),
        "log_min_messages=log".to_owned(),
        "log_min_error_statement=panic".to_owned(),
        "log_error_verbosity=terse".to_owned(),
        "log_checkpoints=off".to_owned(),
        "log_autovacuum_min_duration=-1".to_owned(),
        "lc_messages=C".to_owned(),
        "timezone=UTC".to_owned(),
        "log_timezone=UTC".to_owned(),
        "cluster_name=ddb".to_owned(),
    ]
}

/// Settings that exist from a major version on.
pub(crate) fn settings_since(major: u32) -> Vec<String> {
    let mut settings = Vec::new();
    if major >= 18 {
        settings.push("io_method=sync".to_owned());
        settings.push("autovacuum_worker_slots=2".to_owned());
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_machine_gets_small_buffers_and_a_big_one_no_more_than_128_mb() {
        for (memory, buffers) in [(128 * MIB, "32MB"), (512 * MIB, "64MB"), (2048 * MIB, "128MB"), (1 << 40, "128MB")] {
            assert!(settings(memory, 1 << 40).contains(&format!("shared_buffers={buffers}")), "{memory}");
        }
    }

    #[test]
    fn the_log_takes_a_tenth_of_a_small_disk_and_half_a_gigabyte_of_a_big_one() {
        for (disk, most, least) in [(1 << 40, "512MB", "80MB"), (2000 * MIB, "200MB", "50MB"), (100 * MIB, "64MB", "32MB")] {
            let settings = settings(512 * MIB, disk);
            assert!(settings.contains(&format!("max_wal_size={most}")), "{disk}");
            assert!(settings.contains(&format!("min_wal_size={least}")), "{disk}");
        }
    }
}
