//! What a process has used, read from `/proc`.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// CPU time and memory of one process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// User and system time since the start; it advances in clock ticks (10 ms as a rule).
    pub cpu: Duration,
    /// Highest resident memory since the start, in MiB.
    pub peak_mib: f64,
    /// Resident memory now, in MiB.
    pub resident_mib: f64,
}

impl Usage {
    /// Reads the figures of process `pid`.
    pub(crate) fn of(pid: u32) -> Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let ticks = cpu_ticks(&stat).context("unreadable /proc/PID/stat")?;
        let per_second = rustix::param::clock_ticks_per_second();
        let mib = |name| {
            memory_kib(&status, name)
                .map(|kib| kib / 1024.0)
                .with_context(|| format!("no {name} in /proc/PID/status"))
        };
        Ok(Self {
            cpu: Duration::from_secs_f64(ticks as f64 / per_second as f64),
            peak_mib: mib("VmHWM:")?,
            resident_mib: mib("VmRSS:")?,
        })
    }
}

/// Length of one clock tick.
pub(crate) fn clock_tick() -> Duration {
    Duration::from_secs_f64(1.0 / rustix::param::clock_ticks_per_second() as f64)
}

/// User plus system time: fields 14 and 15, counted after the name, which may hold anything.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

fn memory_kib(status: &str, name: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_is_read_behind_odd_names() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194304 1 0 0 0 150 50 0 0 20 0 1 0";
        assert_eq!(cpu_ticks(stat), Some(200));
    }

    #[test]
    fn own_usage_is_there() {
        let usage = Usage::of(std::process::id()).unwrap();
        assert!(usage.peak_mib >= usage.resident_mib && usage.resident_mib > 0.0);
    }
}
