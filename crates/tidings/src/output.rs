//! Printing: text for people, JSON for scripts. A reader that closes its pipe early is no error
//! worth telling, so writes answer `Result` and nothing panics.

use std::io::{self, Write as _};

use clap::ValueEnum;
use owo_colors::OwoColorize as _;
use serde_json::Value;

/// How a command prints what it found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people
    #[default]
    Text,
    /// For scripts
    Json,
}

/// Prints a text as it stands; colours are dropped where nobody would see them.
pub(crate) fn text(text: &str) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Prints a value over several lines.
pub(crate) fn json(value: &Value) -> io::Result<()> {
    text(&format!("{value:#}\n"))
}

/// Tells something odd, on stderr.
pub(crate) fn warn(warning: &str) {
    anstream::eprintln!("{}: {warning}", "warning".yellow().bold());
}

/// Prints rows under a head, each column as wide as its widest cell; the last is left ragged.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([head[column].len()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &[String]| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    let head: Vec<String> = head.iter().map(|&name| name.to_owned()).collect();
    let mut printed = format!("{}\n", line(&head).bold());
    for row in rows {
        printed.push_str(&line(row));
        printed.push('\n');
    }
    text(&printed)
}

/// A member as one table cell; a list with commas, what is absent as a dash.
pub(crate) fn cell(record: &Value, member: &str) -> String {
    match &record[member] {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let texts: Vec<String> = items.iter().map(plain).collect();
            texts.join(",")
        }
        other => other.to_string(),
    }
}

/// Prints a list of records as a table of these members; headings and members in pairs.
pub(crate) fn records(columns: &[(&str, &str)], records: &[Value]) -> io::Result<()> {
    let head: Vec<&str> = columns.iter().map(|(heading, _)| *heading).collect();
    let row = |record: &Value| {
        columns
            .iter()
            .map(|(_, member)| cell(record, member))
            .collect()
    };
    let rows: Vec<Vec<String>> = records.iter().map(row).collect();
    table(&head, &rows)
}

/// Prints a record's members, one a line.
pub(crate) fn record(record: &Value) -> io::Result<()> {
    let members = record.as_object().into_iter().flatten();
    let lines = members.map(|(name, _)| format!("{:<22} {}\n", name.bold(), cell(record, name)));
    text(&lines.collect::<String>())
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
