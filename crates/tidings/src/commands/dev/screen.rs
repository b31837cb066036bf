//! What the terminal shows: a line per attempt as it ends, and a summary.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use owo_colors::OwoColorize as _;
use tidings_core::delivery::Next;
use tidings_delivery::report::Report;
use tidings_store::Store;
use tokio::sync::broadcast::{self, error::RecvError};

use super::demo::Demo;
use super::receiver::{Receiver, Verdict};
use crate::output;

/// How often it is looked whether everything owed has arrived.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The terminal.
pub(super) struct Screen {
    address: SocketAddr,
    receiver: Receiver,
    tally: Mutex<Tally>,
}

/// What was seen.
#[derive(Default)]
struct Tally {
    commands: Option<usize>,
    attempts: usize,
    delivered: usize,
    given_up: usize,
    verified: usize,
    refused: usize,
    milliseconds: Vec<f64>,
}

impl Screen {
    pub(super) fn open(
        address: SocketAddr,
        demo: &Demo,
        receiver: Receiver,
    ) -> anyhow::Result<Self> {
        let Demo {
            organization_id,
            key,
            ..
        } = demo;
        output::text(&format!(
            "{title}\n\n  api           http://{address}\n  organization  {organization_id}\n  key           {key}\n\n\
             {head}\n",
            title = "Tidings, at work on this machine. Ctrl-C ends it.".bold(),
            head = format!(
                "{:<14}{:<28}{:<13}{:>6}{:>10}  signature",
                "time", "event", "webhook", "status", "latency"
            )
            .bold(),
        ))?;
        Ok(Self {
            address,
            receiver,
            tally: Mutex::default(),
        })
    }

    /// Prints each attempt until the reports end.
    pub(super) async fn show(self: Arc<Self>, mut reports: broadcast::Receiver<Report>) {
        loop {
            match reports.recv().await {
                Ok(report) => {
                    let verdict = self
                        .receiver
                        .verdict(report.webhook_id, &report.event_id.to_string());
                    // A closed terminal is no reason to stop serving.
                    let _ = output::text(&line(&report, verdict.as_ref()));
                    self.tally(|tally| tally.count(&report, verdict.as_ref()));
                }
                Err(RecvError::Lagged(missed)) => {
                    let _ = output::text(&format!("… {missed} more\n"));
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// The whole day was played.
    pub(super) fn played(&self, commands: usize) {
        self.tally(|tally| tally.commands = Some(commands));
    }

    /// The day is over, the server is not.
    pub(super) fn invite(&self) -> anyhow::Result<()> {
        let text = format!(
            "\n{} Look at http://{}/ with the key above, or publish something yourself:\n\n  \
             TIDINGS_URL=http://{} TIDINGS_KEY=… tidings trigger message.received\n\n",
            "The day is over; the server goes on.".bold(),
            self.address,
            self.address,
        );
        Ok(output::text(&text)?)
    }

    /// Waits until nothing is owed any more.
    pub(super) async fn all_settled(&self, store: &Store) {
        while !store.directory().owing().is_empty() {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    pub(super) fn sum_up(&self, store: &Store) -> anyhow::Result<()> {
        let directory = store.directory();
        let pending: i64 = directory
            .owing()
            .into_iter()
            .map(|id| directory.health(id).pending)
            .sum();
        let text = self.tally(|tally| tally.summary(pending));
        Ok(output::text(&text)?)
    }

    fn tally<T>(&self, work: impl FnOnce(&mut Tally) -> T) -> T {
        work(&mut self.tally.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Tally {
    fn count(&mut self, report: &Report, verdict: Option<&Verdict>) {
        self.attempts += 1;
        self.milliseconds
            .push(report.outcome.duration.as_secs_f64() * 1_000.0);
        match report.next {
            Next::Succeeded => self.delivered += 1,
            Next::Exhausted => self.given_up += 1,
            Next::Retry { .. } | Next::Gone => {}
        }
        match verdict {
            Some(Ok(())) => self.verified += 1,
            Some(Err(_)) => self.refused += 1,
            None => {}
        }
    }

    fn summary(&mut self, pending: i64) -> String {
        self.milliseconds.sort_by(f64::total_cmp);
        let quantile = |share: f64| {
            let last = self.milliseconds.len().saturating_sub(1);
            let index = (share * last as f64).round() as usize;
            self.milliseconds.get(index).copied().unwrap_or(0.0)
        };
        let owed = self.delivered as i64 + self.given_up as i64 + pending;
        let played = self.commands.map_or(String::new(), |commands| {
            format!("played      {commands} commands\n")
        });
        format!(
            "\n{title}\n{played}owed        {owed} deliveries\ndelivered   {delivered}\nattempts    {attempts} ({again} tried again)\n\
             verified    {verified} signatures, {refused} refused\nlatency     p50 {p50:.1} ms, p99 {p99:.1} ms\n{left}",
            title = "Summary".bold(),
            delivered = self.delivered,
            attempts = self.attempts,
            again = self.attempts.saturating_sub(self.delivered + self.given_up),
            verified = self.verified,
            refused = self.refused,
            p50 = quantile(0.5),
            p99 = quantile(0.99),
            left = if pending == 0 {
                String::new()
            } else {
                format!("still owed  {pending}\n")
            },
        )
    }
}

fn line(report: &Report, verdict: Option<&Verdict>) -> String {
    let time = report.ended_at.to_string();
    let time = time.get(11..23).unwrap_or(&time);
    let outcome = &report.outcome;
    let status = match (outcome.status, outcome.error) {
        (Some(status), _) => status.to_string(),
        (None, Some(error)) => error.as_str().to_owned(),
        (None, None) => String::new(),
    };
    let status = format!("{status:>6}");
    let status = if outcome.succeeded() {
        status.green().to_string()
    } else {
        status.red().to_string()
    };
    let milliseconds = outcome.duration.as_secs_f64() * 1_000.0;
    let signature = match verdict {
        Some(Ok(())) => "✓ verified".green().to_string(),
        Some(Err(reason)) => format!("✗ {reason}").red().to_string(),
        None => "not seen".dimmed().to_string(),
    };
    let next = match report.next {
        Next::Retry { due_at, .. } => {
            let seconds = due_at.since(report.ended_at).as_secs_f64();
            format!("  again in {seconds:.1} s").yellow().to_string()
        }
        Next::Exhausted => "  given up".red().to_string(),
        Next::Gone => "  gone".red().to_string(),
        Next::Succeeded if report.number > 1 => {
            format!("  attempt {}", report.number).dimmed().to_string()
        }
        Next::Succeeded => String::new(),
    };
    format!(
        "{time:<14}{event:<28}{webhook:<13}{status}{milliseconds:>7.1} ms  {signature}{next}\n",
        event = report.event_name,
        webhook = report.webhook_name,
    )
}
