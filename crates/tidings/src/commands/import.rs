//! `tidings import`: contacts, conversations and messages of another system, line by line from a file,
//! through the API. What came before is skipped, so an import that broke off is run again.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::{Args, value_parser};
use serde_json::{Value, json};
use tidings_core::fault::Fault;
use tidings_core::import::LINES_MAX;
use tidings_core::input::number_faults;

use super::ticker::Ticker;
use crate::client::{Client, Connection, Refused};
use crate::failure::Failure;
use crate::output::{self, Output};

const EXAMPLES: &str = "\
Examples:
  tidings import conversations.ndjson
  zcat export.ndjson.gz | tidings import - --organization org_… --output json";

/// How much of the file goes into one batch: less than the API reads, whatever its other members.
const BATCH_BYTES_MAX: usize = 1_000_000;

/// Take over contacts, conversations and messages of another system, telling nobody
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: Connection,
    /// JSON objects, one a line (docs/conversations.md, "Importing"); `-` reads stdin
    file: PathBuf,
    /// The organization they belong to; by default the key's own
    #[arg(long, value_name = "ID")]
    organization: Option<String>,
    /// How many lines are sent at once, all or none of which are imported
    #[arg(long, value_name = "N", default_value_t = LINES_MAX as u32,
          value_parser = value_parser!(u32).range(1..=LINES_MAX as i64))]
    batch: u32,
}

/// Talks to the installation.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let client = arguments.connection.open()?;
    let path = &arguments.file;
    let input: Box<dyn BufRead> = if path.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()));
        Box::new(BufReader::new(file.map_err(Failure::Misuse)?))
    };
    let mut batches = Batches::of(input, arguments.batch as usize);
    let mut counts = Counts::default();
    let sent = send_all(&client, arguments, &mut batches, &mut counts);
    counts.print(arguments.connection.output)?;
    Ok(sent?)
}

/// Sends batch after batch until one is refused.
fn send_all(
    client: &Client,
    arguments: &Arguments,
    batches: &mut Batches<impl BufRead>,
    counts: &mut Counts,
) -> anyhow::Result<()> {
    let begun = Instant::now();
    let mut ticker = Ticker::new("import", arguments.connection.output);
    let sent = loop {
        let batch = match batches.next() {
            Ok(Some(batch)) => batch,
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        };
        match client.post(&["v1", "import"], &arguments.body(&batch)) {
            Ok(answer) => counts.add(&answer),
            Err(error) => break Err(batch.explain(error)),
        }
        ticker.show(&rate(counts.lines(), begun.elapsed()))?;
    };
    ticker.end();
    sent
}

impl Arguments {
    fn body(&self, batch: &Batch) -> Value {
        let mut body = json!({ "lines": batch.lines });
        if let Some(organization) = &self.organization {
            body["organizationId"] = json!(organization);
        }
        body
    }
}

/// Some lines of the file, by their numbers in it.
#[derive(Debug, PartialEq)]
struct Batch {
    lines: Vec<Value>,
    first: usize,
    last: usize,
}

impl Batch {
    /// What is said when it was not imported.
    fn explain(&self, error: anyhow::Error) -> anyhow::Error {
        let Self { first, last, .. } = self;
        let summary =
            format!("lines {first} to {last} were not imported; mend this and run it again");
        match error.downcast::<Refused>() {
            Ok(refused) => {
                anyhow::Error::new(refused.at(|pointer| self.place(pointer))).context(summary)
            }
            Err(error) => error.context(summary),
        }
    }

    /// Where in the file a fault of the request is: `/lines/3/text` of a batch that begins with line 101
    /// is `line 104, /text`.
    fn place(&self, pointer: &str) -> String {
        let named = pointer.strip_prefix("/lines/").map(|rest| {
            let (at, member) = rest.split_once('/').unwrap_or((rest, ""));
            (at.parse::<usize>(), member)
        });
        match named {
            Some((Ok(at), "")) => format!("line {}", self.first + at),
            Some((Ok(at), member)) => format!("line {}, /{member}", self.first + at),
            _ => pointer.to_owned(),
        }
    }
}

/// The file, cut into batches.
struct Batches<R> {
    input: R,
    lines_max: usize,
    /// The number of the last line read.
    number: usize,
    /// A line that did not fit into the batch before, and its bytes.
    waiting: Option<(Value, usize)>,
}

impl<R: BufRead> Batches<R> {
    fn of(input: R, lines_max: usize) -> Self {
        Self {
            input,
            lines_max,
            number: 0,
            waiting: None,
        }
    }

    /// The next lines, at least one; `None` at the end. An empty line ends a batch, so that the lines
    /// of one are numbered without gaps.
    fn next(&mut self) -> anyhow::Result<Option<Batch>> {
        let mut batch: Option<Batch> = None;
        let mut bytes = 0;
        while batch
            .as_ref()
            .is_none_or(|batch| batch.lines.len() < self.lines_max)
        {
            let next = match self.waiting.take() {
                Some((line, size)) => Step::Line(line, size),
                None => self.read()?,
            };
            match next {
                Step::End => break,
                Step::Empty if batch.is_some() => break,
                Step::Empty => {}
                Step::Line(line, size) if batch.is_some() && bytes + size > BATCH_BYTES_MAX => {
                    self.waiting = Some((line, size));
                    break;
                }
                Step::Line(line, size) => {
                    bytes += size;
                    let batch = batch.get_or_insert(Batch {
                        lines: Vec::new(),
                        first: self.number,
                        last: self.number,
                    });
                    batch.lines.push(line);
                    batch.last = self.number;
                }
            }
        }
        Ok(batch)
    }

    fn read(&mut self) -> anyhow::Result<Step> {
        let mut text = String::new();
        self.number += 1;
        let place = || format!("line {}", self.number);
        if self.input.read_line(&mut text).with_context(place)? == 0 {
            return Ok(Step::End);
        }
        if text.trim().is_empty() {
            return Ok(Step::Empty);
        }
        if let Some(Fault { pointer, detail }) = number_faults(&text).first() {
            bail!("line {}, {pointer}: {detail}", self.number);
        }
        let line = serde_json::from_str(&text)
            .with_context(|| format!("line {} is not JSON; its batch was not sent", self.number))?;
        Ok(Step::Line(line, text.len()))
    }
}

/// What stands in the next line.
enum Step {
    Line(Value, usize),
    Empty,
    End,
}

/// How many lines were done so far.
#[derive(Default)]
struct Counts {
    imported: u64,
    skipped: u64,
}

impl Counts {
    fn add(&mut self, answer: &Value) {
        self.imported += answer["imported"].as_u64().unwrap_or_default();
        self.skipped += answer["skipped"].as_u64().unwrap_or_default();
    }

    fn lines(&self) -> u64 {
        self.imported + self.skipped
    }

    fn print(&self, output: Output) -> io::Result<()> {
        let Self { imported, skipped } = self;
        match output {
            Output::Json => output::json(&json!({ "imported": imported, "skipped": skipped })),
            Output::Text => output::text(&format!(
                "{imported} imported, {skipped} skipped because they were there\n"
            )),
        }
    }
}

fn rate(lines: u64, elapsed: Duration) -> String {
    let rate = lines as f64 / elapsed.as_secs_f64().max(1.0);
    format!("{lines} lines, {rate:.0}/s")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first and last line of each batch, or what is wrong.
    fn cut(text: &str, lines_max: usize) -> String {
        let mut batches = Batches::of(text.as_bytes(), lines_max);
        let mut cuts = Vec::new();
        loop {
            match batches.next() {
                Ok(Some(batch)) => cuts.push(format!("{}-{}", batch.first, batch.last)),
                Ok(None) => return cuts.join(" "),
                Err(error) => return error.to_string(),
            }
        }
    }

    #[test]
    fn a_file_is_cut_into_batches() {
        let check = |text: &str, lines_max, expect: &str| {
            assert_eq!(cut(text, lines_max), expect, "{text:?}");
        };
        check("", 2, "");
        check("\n\n", 2, "");
        check("{}", 2, "1-1");
        check("{}\n{}\n{}\n", 2, "1-2 3-3");
        check("{}\r\n\n\n{}\n{}\n", 5, "1-1 4-5");
        check("{}\n{\n", 5, "line 2 is not JSON; its batch was not sent");
        check(
            "{}\n{\"a\":1e400}\n",
            5,
            "line 2, /a: is a number that cannot be kept exactly; send it as a text",
        );
    }

    #[test]
    fn no_batch_is_larger_than_the_api_reads() {
        let line = format!("\"{}\"\n", "x".repeat(BATCH_BYTES_MAX / 2));
        assert_eq!(cut(&line.repeat(3), 500), "1-1 2-2 3-3");
    }

    #[test]
    fn faults_are_told_by_their_line() {
        let batch = Batch {
            lines: Vec::new(),
            first: 101,
            last: 200,
        };
        let check = |pointer: &str, expect: &str| assert_eq!(batch.place(pointer), expect);
        check("/lines/0", "line 101");
        check("/lines/3/text", "line 104, /text");
        check("/lines/3/identities/0", "line 104, /identities/0");
        check("/lines", "/lines");
        check("/organizationId", "/organizationId");
    }

    #[test]
    fn a_rate_is_told() {
        assert_eq!(rate(1_000, Duration::from_secs(4)), "1000 lines, 250/s");
    }
}
