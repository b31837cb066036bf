//! What a run prints: rows with their figures, targets and costs.

use serde::Serialize;

use crate::protocol::Quantiles;
use crate::run::Run;
use crate::table::Table;

/// One measured scenario.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row {
    /// What was measured.
    pub name: String,
    /// The figure.
    pub figure: f64,
    /// Its unit.
    pub unit: &'static str,
    /// The figure divided by the raw HTTP rate of the same run.
    pub raw_ratio: Option<f64>,
    /// What it must read.
    pub checks: Vec<Check>,
    /// From open loops and single commits.
    pub latency: Option<Quantiles>,
    /// CPU time of the server per delivery, in microseconds.
    pub cpu_us: Option<f64>,
    /// Highest memory of the server, in MiB.
    pub peak_mib: Option<f64>,
    /// Acknowledged, but not received in time.
    pub lost: Option<u64>,
    /// Received more than once.
    pub duplicated: Option<u64>,
    /// What else a reader should know.
    pub notes: Vec<String>,
}

impl Row {
    /// A row with a figure and nothing else.
    pub(crate) fn new(name: impl Into<String>, figure: f64, unit: &'static str) -> Self {
        Self {
            name: name.into(),
            figure,
            unit,
            raw_ratio: None,
            checks: Vec::new(),
            latency: None,
            cpu_us: None,
            peak_mib: None,
            lost: None,
            duplicated: None,
            notes: Vec::new(),
        }
    }

    /// A throughput row: rate and costs of `run`, beside the raw rate.
    pub(crate) fn of_run(name: impl Into<String>, run: &Run, rate: f64, raw: Option<f64>) -> Self {
        let mut row = Self {
            raw_ratio: raw.map(|raw| rate / raw),
            cpu_us: Some(run.cpu_us()),
            peak_mib: Some(run.peak_mib),
            lost: Some(run.missing()),
            duplicated: Some(run.received.duplicated),
            ..Self::new(name, rate, "/s")
        };
        if run.sent.overloaded > 0 {
            let overloaded = run.sent.overloaded;
            row = row.note(format!(
                "{overloaded} requests were answered 503 and sent again"
            ));
        }
        row
    }

    /// Adds a target that holds when `figure ÷ base` is at least `bound`; without a base it is
    /// left out.
    pub(crate) fn at_least(mut self, bound: f64, of: &str, figure: f64, base: Option<f64>) -> Self {
        if let Some(base) = base {
            let read = figure / base;
            self.checks.push(Check {
                target: format!("≥ {bound:.2} × {of}"),
                read: format!("{read:.2}"),
                // What never arrived took no time, so the figure would flatter.
                met: read >= bound && !self.is_incomplete(),
            });
        }
        self
    }

    /// Adds a target that holds when `read` is at most `bound`.
    pub(crate) fn at_most(mut self, what: &str, read: f64, bound: f64, unit: &str) -> Self {
        self.checks.push(Check {
            target: format!("{what} ≤ {} {unit}", significant(bound)),
            read: significant(read),
            met: read <= bound && !self.is_incomplete(),
        });
        self
    }

    /// Adds a remark.
    pub(crate) fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Whether events went missing: then the figure means nothing.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.lost.unwrap_or(0) > 0
    }
}

/// A target and what was read.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Check {
    /// The target in words.
    pub target: String,
    /// The reading.
    pub read: String,
    /// Whether it is met.
    pub met: bool,
}

/// A whole run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    /// Machine, versions, sizes: one line each.
    pub head: Vec<String>,
    /// What was measured.
    pub rows: Vec<Row>,
    /// Rows that did not fit into the time.
    pub skipped: Vec<&'static str>,
}

const COLUMNS: [&str; 13] = [
    "row", "figure", "÷ raw", "target", "reads", "met", "p50 ms", "p99", "p99.9", "CPU µs",
    "peak MiB", "lost", "dup",
];

impl Report {
    /// The report as text.
    pub(crate) fn text(&self) -> String {
        let mut table = Table::new(&COLUMNS);
        let mut notes = Vec::new();
        for row in &self.rows {
            add_lines(&mut table, row);
            notes.extend(row.notes.iter().map(|note| format!("{}: {note}", row.name)));
        }
        let mut text = self.head.join("\n");
        text.push_str("\n\n");
        text.push_str(&table.text());
        if !notes.is_empty() {
            text.push('\n');
            text.push_str(&notes.join("\n"));
            text.push('\n');
        }
        if !self.skipped.is_empty() {
            text.push_str("\nnot measured, the time was up: ");
            text.push_str(&self.skipped.join(", "));
            text.push('\n');
        }
        text
    }
}

fn add_lines(table: &mut Table, row: &Row) {
    let latency = |pick: fn(&Quantiles) -> f64| optional(row.latency.as_ref().map(pick));
    let check = |index: usize| match row.checks.get(index) {
        Some(check) => [
            check.target.clone(),
            check.read.clone(),
            if check.met { "yes" } else { "NO" }.to_owned(),
        ],
        None => [String::new(), String::new(), String::new()],
    };
    let [target, read, met] = check(0);
    table.add(vec![
        row.name.clone(),
        format!("{} {}", significant(row.figure), row.unit),
        optional(row.raw_ratio),
        target,
        read,
        met,
        latency(|latency| latency.p50_ms),
        latency(|latency| latency.p99_ms),
        latency(|latency| latency.p999_ms),
        optional(row.cpu_us),
        optional(row.peak_mib),
        row.lost.map(|lost| lost.to_string()).unwrap_or_default(),
        row.duplicated
            .map(|count| count.to_string())
            .unwrap_or_default(),
    ]);
    for index in 1..row.checks.len() {
        let mut line = vec![String::new(); 3];
        line.extend(check(index));
        table.add(line);
    }
}

fn optional(value: Option<f64>) -> String {
    value.map(significant).unwrap_or_default()
}

/// Three significant digits, whole numbers above a hundred with separators.
fn significant(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => thousands(value.round() as u64),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn thousands(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_readable() {
        for (value, text) in [
            (0.214, "0.21"),
            (3.0, "3.00"),
            (37.96, "38.0"),
            (999.6, "1,000"),
            (1_234_567.0, "1,234,567"),
        ] {
            assert_eq!(significant(value), text);
        }
    }

    #[test]
    fn no_target_is_met_while_events_are_missing() {
        let mut row = Row::new("publish", 90_000.0, "/s");
        row.lost = Some(1);
        let row = row
            .at_least(0.15, "raw", 90_000.0, Some(90_000.0))
            .at_most("p50", 1.0, 2.0, "ms");
        assert!(row.checks.iter().all(|check| !check.met));
    }

    #[test]
    fn a_missed_target_is_told() {
        let row = Row::new("publish", 10_000.0, "/s")
            .at_least(0.15, "raw", 10_000.0, Some(90_000.0))
            .at_least(0.70, "bare", 10_000.0, None)
            .at_most("p50", 1.5, 2.0, "ms");
        let met: Vec<bool> = row.checks.iter().map(|check| check.met).collect();
        assert_eq!(met, [false, true]);
        let report = Report {
            head: vec!["machine".to_owned()],
            rows: vec![row.note("a remark")],
            skipped: vec!["idle"],
        };
        let text = report.text();
        for part in [
            "≥ 0.15 × raw",
            "NO",
            "p50 ≤ 2.00 ms",
            "publish: a remark",
            "idle",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }
}
