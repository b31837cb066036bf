//! What the figures were taken on: without it they cannot be compared.

use std::fs;
use std::process::Command;

/// Lines about machine and checkout for the head of the table.
pub(crate) fn describe() -> Vec<String> {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let kernel = read("/proc/sys/kernel/osrelease");
    let processor = value_of("/proc/cpuinfo", "model name");
    let memory = value_of("/proc/meminfo", "MemTotal");
    let load = read("/proc/loadavg");
    let mut lines = vec![
        format!("machine  {cores} cores ({processor}), {memory}, Linux {kernel}"),
        format!("load     {load} before the run"),
        format!("commit   {}", commit()),
    ];
    if is_busy(&load, cores) {
        lines
            .push("WARNING  the machine is busy with something else: rates are too low".to_owned());
    }
    lines
}

fn is_busy(load: &str, cores: usize) -> bool {
    let last_minute = load
        .split(' ')
        .next()
        .and_then(|load| load.parse::<f64>().ok());
    last_minute.is_some_and(|load| load > 0.25 * cores as f64)
}

fn commit() -> String {
    let described = Command::new("git")
        .args(["describe", "--always", "--dirty"])
        .output();
    match described {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        }
        _ => "unknown".to_owned(),
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path)
        .unwrap_or_default()
        .trim()
        .to_owned()
}

fn value_of(path: &str, name: &str) -> String {
    let text = read(path);
    let line = text.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_once(':')).map_or_else(
        || "unknown".to_owned(),
        |(_, value)| value.trim().to_owned(),
    )
}
