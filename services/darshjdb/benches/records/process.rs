//! What processes cost, read from `/proc`: CPU from `stat`, memory from `smaps_rollup`.

use std::collections::HashSet;
use std::fs;
use std::time::Instant;

/// `USER_HZ`, which is 100 wherever Linux runs on x86-64 or arm64.
const TICKS_PER_SECOND: f64 = 100.0;

pub(crate) struct Process {
    pub(crate) pid: u32,
    parent: u32,
    pub(crate) name: String,
    /// Ticks since boot; with the pid it tells a process from a later one of the same number.
    pub(crate) started: u64,
    /// User and system time of the process.
    own_ticks: u64,
    /// The same of its children that have ended.
    waited_ticks: u64,
}

impl Process {
    fn read(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (before, after) = stat.rsplit_once(')')?; // The name may hold anything.
        let name = before.split_once('(')?.1.to_owned();
        let fields: Vec<&str> = after.split_ascii_whitespace().collect();
        let number = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok());
        Some(Self {
            pid,
            parent: number(1)? as u32,
            name,
            started: number(19)?,
            own_ticks: number(11)? + number(12)?,
            waited_ticks: number(13)? + number(14)?,
        })
    }

    pub(crate) fn is_alive(&self) -> bool {
        let is_zombie = || {
            fs::read_to_string(format!("/proc/{}/stat", self.pid))
                .ok()
                .and_then(|stat| stat.rsplit_once(')').map(|(_, after)| after.trim_start().starts_with('Z')))
                .unwrap_or(true)
        };
        Self::read(self.pid).is_some_and(|now| now.started == self.started) && !is_zombie()
    }
}

/// The given processes and all that descend from them.
pub(crate) fn tree(roots: &[u32]) -> Vec<Process> {
    let mut others: Vec<Process> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(Process::read)
        .collect();
    let mut members: HashSet<u32> = roots.iter().copied().collect();
    let mut found = Vec::new();
    loop {
        let (new, rest): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|process| members.contains(&process.pid) || members.contains(&process.parent));
        if new.is_empty() {
            return found;
        }
        members.extend(new.iter().map(|process| process.pid));
        found.extend(new);
        others = rest;
    }
}

/// Proportional set size in bytes: shared pages are counted once over all the processes that share them.
pub(crate) fn proportional_bytes(processes: &[Process]) -> u64 {
    processes
        .iter()
        .filter_map(|process| fs::read_to_string(format!("/proc/{}/smaps_rollup", process.pid)).ok())
        .filter_map(|rollup| {
            let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
            line.split_ascii_whitespace().next()?.parse::<u64>().ok()
        })
        .map(|kibibytes| kibibytes * 1_024)
        .sum()
}

/// CPU time used up to a moment, in ticks.
pub(crate) struct CpuReading {
    at: Instant,
    generator: u64,
    server: u64,
    postgres: u64,
    machine_busy: u64,
    machine_stolen: u64,
}

impl CpuReading {
    pub(crate) fn take(server_roots: &[u32]) -> Self {
        // An ended child's time is in its parent's `waited_ticks`, so that a sum over a tree never goes back.
        let sum = |is_postgres: bool, processes: &[Process]| {
            processes
                .iter()
                .filter(|process| (process.name == "postgres") == is_postgres)
                .map(|process| process.own_ticks + process.waited_ticks)
                .sum()
        };
        let at = Instant::now();
        let processes = tree(server_roots);
        let (machine_busy, machine_stolen) = machine_ticks();
        Self {
            at,
            generator: Process::read(std::process::id()).map_or(0, |process| process.own_ticks),
            server: sum(false, &processes),
            postgres: sum(true, &processes),
            machine_busy,
            machine_stolen,
        }
    }

    pub(crate) fn since(&self, earlier: &Self) -> CpuUse {
        let seconds = |now: u64, then: u64| now.saturating_sub(then) as f64 / TICKS_PER_SECOND;
        let generator = seconds(self.generator, earlier.generator);
        let server = seconds(self.server, earlier.server);
        let postgres = seconds(self.postgres, earlier.postgres);
        let busy = seconds(self.machine_busy, earlier.machine_busy);
        let cores = std::thread::available_parallelism().map_or(1, usize::from) as f64;
        CpuUse {
            capacity: (self.at - earlier.at).as_secs_f64() * cores,
            generator,
            server,
            postgres,
            others: (busy - generator - server - postgres).max(0.0),
            stolen: seconds(self.machine_stolen, earlier.machine_stolen),
        }
    }
}

/// Seconds of CPU in an interval.
#[derive(Clone, Copy)]
pub(crate) struct CpuUse {
    /// What all cores together could have given.
    pub(crate) capacity: f64,
    pub(crate) generator: f64,
    pub(crate) server: f64,
    pub(crate) postgres: f64,
    /// Everything else on the machine: what disturbs the figure, and the kernel's own threads.
    pub(crate) others: f64,
    /// Taken by the hypervisor.
    pub(crate) stolen: f64,
}

impl CpuUse {
    pub(crate) fn share(&self, seconds: f64) -> f64 {
        100.0 * seconds / self.capacity
    }
}

fn machine_ticks() -> (u64, u64) {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = stat.lines().next().unwrap_or_default();
    let fields: Vec<u64> = line.split_ascii_whitespace().skip(1).filter_map(|field| field.parse().ok()).collect();
    let number = |index: usize| fields.get(index).copied().unwrap_or(0);
    // user, nice, system, idle, iowait, irq, softirq, steal
    (number(0) + number(1) + number(2) + number(5) + number(6), number(7))
}
