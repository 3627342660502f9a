use std::path::{Path, PathBuf};

/// What version 1 shows where there is no limit is a number near 2^63.
const NO_LIMIT: u64 = 1 << 60;
/// Where neither a group nor the machine tells.
const FALLBACK: u64 = 1 << 30;

/// Bytes of memory that the process may use: the least of the machine's memory and the limits of its memory group and the groups above it.
pub(crate) fn available() -> u64 {
    let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let machine = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| total(&text));
    let limits = limit_files(&groups).into_iter().filter_map(|path| limit(&path));
    limits.chain(machine).filter(|bytes| *bytes < NO_LIMIT).min().unwrap_or(FALLBACK)
}

fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

fn limit(path: &Path) -> Option<u64> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// The files that may hold a limit: of version 2 (`0::/a/b`) and of version 1 (`5:memory:/a/b`), for the group and all above it. In a container the path
/// names a group of the host, while the container sees its own as the top; the walk ends there too.
fn limit_files(groups: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let (top, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            names if names.split(',').any(|name| name == "memory") => ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
            _ => continue,
        };
        for group in Path::new(path.trim_start_matches('/')).ancestors() {
            files.push(Path::new(top).join(group).join(file));
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_of_groups_are_looked_at_up_to_the_top() {
        let files = limit_files("5:cpu,memory:/a/b\n4:pids:/x\n0::/c\n");
        let names: Vec<_> = files.iter().map(|path| path.to_str().expect("UTF-8")).collect();
        assert_eq!(
            names,
            [
                "/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory/a/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory/memory.limit_in_bytes",
                "/sys/fs/cgroup/c/memory.max",
                "/sys/fs/cgroup/memory.max",
            ]
        );
    }

    #[test]
    fn the_machines_memory_is_in_kilobytes() {
        assert_eq!(total("MemFree: 1 kB\nMemTotal:       2048 kB\n"), Some(2_097_152));
        assert_eq!(total("nonsense"), None);
    }

    #[test]
    fn this_machine_has_some() {
        assert!((16 << 20..NO_LIMIT).contains(&available()));
    }
}
