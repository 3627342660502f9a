//! What the operating system and the executor know of the process, asked for whenever metrics are read.

use std::time::Instant;

use opentelemetry::metrics::Meter;
use tokio::runtime::{Handle, RuntimeMetrics};

pub(super) fn observe(executor: &Handle) {
    let meter = opentelemetry::global::meter("ddb");
    of_process(&meter);
    of_executor(&meter, &executor.metrics());
}

fn of_process(meter: &Meter) {
    let started = Instant::now();
    meter
        .f64_observable_gauge("process.uptime")
        .with_unit("s")
        .with_description("How long the process has been running")
        .with_callback(move |observer| observer.observe(started.elapsed().as_secs_f64(), &[]))
        .build();
    meter
        .u64_observable_gauge("process.memory.usage")
        .with_unit("By")
        .with_description("Memory that the process has resident; the embedded PostgreSQL has its own processes")
        .with_callback(|observer| {
            if let Some(bytes) = resident_bytes() {
                observer.observe(bytes, &[]);
            }
        })
        .build();
    meter
        .f64_observable_counter("process.cpu.time")
        .with_unit("s")
        .with_description("Processor time that the process has used, on all cores")
        .with_callback(|observer| {
            if let Some(seconds) = processor_seconds() {
                observer.observe(seconds, &[]);
            }
        })
        .build();
    meter
        .u64_observable_gauge("process.unix.file_descriptor.count")
        .with_unit("{file_descriptor}")
        .with_description("Open files and sockets")
        .with_callback(|observer| {
            if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
                observer.observe(open.count() as u64, &[]);
            }
        })
        .build();
}

fn of_executor(meter: &Meter, executor: &RuntimeMetrics) {
    let tasks = executor.clone();
    meter
        .u64_observable_gauge("ddb.executor.tasks")
        .with_unit("{task}")
        .with_description("Asynchronous tasks that have not ended")
        .with_callback(move |observer| observer.observe(tasks.num_alive_tasks() as u64, &[]))
        .build();
}

/// None where the system has no `/proc`.
fn resident_bytes() -> Option<u64> {
    let pages: u64 = std::fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

fn processor_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The second field, in brackets, is a name that may hold anything; the 14th and 15th are ticks in user and kernel mode.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let ticks: u64 = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    Some(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells_memory_and_processor_time() {
        let before = processor_seconds().expect("Linux tells");
        let mut sum = 0_u64;
        while processor_seconds().expect("Linux tells") - before < 0.05 {
            sum = std::hint::black_box(sum + 1);
        }
        assert!((1 << 20..1 << 40).contains(&resident_bytes().expect("Linux tells")));
    }
}
