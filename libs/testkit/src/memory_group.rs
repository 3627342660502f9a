use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::process::pause;

/// Where the two versions of control groups are mounted.
const FIRST: &str = "/sys/fs/cgroup/memory";
const SECOND: &str = "/sys/fs/cgroup";
/// How long processes that were killed may take to be gone.
const GONE: Duration = Duration::from_secs(20);

/// A memory group of the kernel (version 1 or 2, whichever the machine has), for which it takes root: its processes together have so much memory and
/// no swap, as on a small machine.
#[derive(Debug)]
pub struct MemoryGroup {
    folder: PathBuf,
    version: Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    First,
    Second,
}

/// What a group holds, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryUse {
    /// What cannot be had back by dropping pages of files: the processes' own memory, what they share, and the kernel's for them.
    pub needed: u64,
    /// With the pages of files, which fill up whatever is left.
    pub all: u64,
}

impl MemoryGroup {
    /// Panics where the machine has no groups that this process may make.
    pub fn new(bytes: u64) -> Self {
        let version = if Path::new(FIRST).join("memory.limit_in_bytes").is_file() { Version::First } else { Version::Second };
        let top = Path::new(if version == Version::First { FIRST } else { SECOND });
        let group = Self { folder: top.join(format!("ddb-test-{:016x}", rand::random::<u64>())), version };
        let made = match version {
            Version::First => group.make(&[
                ("memory.limit_in_bytes", bytes),
                // Memory and swap together; kernels that do not count swap do not have it.
                ("memory.memsw.limit_in_bytes", bytes),
            ]),
            Version::Second => {
                // Where it is on already, or another one looks after it, the next step tells.
                let _ = std::fs::write(top.join("cgroup.subtree_control"), "+memory");
                group.make(&[("memory.max", bytes), ("memory.swap.max", 0)])
            }
        };
        made.unwrap_or_else(|error| {
            panic!(
                "this test makes a memory group below {}, which needs root and a writable folder there: {error}",
                top.display()
            )
        });
        group
    }

    fn make(&self, limits: &[(&str, u64)]) -> std::io::Result<()> {
        std::fs::create_dir(&self.folder)?;
        for (number, (file, limit)) in limits.iter().enumerate() {
            let path = self.folder.join(file);
            // The first one is the limit of memory itself; the others exist where the kernel counts swap.
            if number == 0 || path.exists() {
                std::fs::write(path, limit.to_string())?;
            }
        }
        Ok(())
    }

    /// The command in the group, with all that it starts.
    pub(crate) fn enclose(&self, command: &Command) -> Command {
        let mut enclosed = Command::new("/bin/sh");
        // The shell becomes the program, so the pid stays.
        enclosed.arg("-c").arg(r#"echo $$ > "$0" && exec "$@""#).arg(self.folder.join("cgroup.procs"));
        enclosed.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => enclosed.env(name, value),
                None => enclosed.env_remove(name),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            enclosed.current_dir(folder);
        }
        enclosed
    }

    pub fn usage(&self) -> MemoryUse {
        let stat = self.read("memory.stat");
        let of = |name: &str| number_behind(&stat, name);
        match self.version {
            Version::First => MemoryUse {
                needed: of("total_rss") + of("total_shmem") + self.number("memory.kmem.usage_in_bytes"),
                all: self.number("memory.usage_in_bytes"),
            },
            Version::Second => MemoryUse {
                needed: of("anon") + of("shmem") + of("kernel").saturating_sub(of("slab_reclaimable")),
                all: self.number("memory.current"),
            },
        }
    }

    /// How many processes the kernel has killed because there was no memory left.
    pub fn kills(&self) -> u64 {
        let file = if self.version == Version::First { "memory.oom_control" } else { "memory.events" };
        number_behind(&self.read(file), "oom_kill")
    }

    fn number(&self, file: &str) -> u64 {
        self.read(file).trim().parse().unwrap_or_default()
    }

    fn read(&self, file: &str) -> String {
        let path = self.folder.join(file);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
}

fn number_behind(text: &str, name: &str) -> u64 {
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    lines.find_map(|(key, number)| (key == name).then(|| number.trim().parse().ok())?).unwrap_or_default()
}

impl Drop for MemoryGroup {
    fn drop(&mut self) {
        let end = Instant::now() + GONE;
        // The kernel keeps a group for as long as one of its processes lives.
        while std::fs::remove_dir(&self.folder).is_err() && Instant::now() < end {
            pause();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_by_their_whole_name() {
        let text = "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n";
        assert_eq!(number_behind(text, "oom_kill"), 3);
        assert_eq!(number_behind(text, "oom"), 0);
    }

    /// Mutant: the limit is not written.
    #[test]
    fn a_process_that_takes_more_than_the_group_has_is_killed() {
        if !crate::is_root("makes a memory group") {
            return;
        }
        let group = MemoryGroup::new(32 << 20);
        assert_eq!(group.kills(), 0);
        let mut small = Command::new("/bin/sh");
        small.args(["-c", "exit 7"]);
        assert_eq!(group.enclose(&small).status().expect("a shell can be run").code(), Some(7));
        let mut large = Command::new("/bin/sh");
        large.args(["-c", "head -c 100000000 /dev/zero | tail"]);
        assert!(!group.enclose(&large).status().expect("a shell can be run").success(), "it has 100 MB");
        assert!(group.kills() > 0);
    }
}
