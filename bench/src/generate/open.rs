//! Open loop: event `n` is due at `start + n / rate`, whatever happened to the ones before it.
//!
//! A few threads take turns: each takes the next number, sleeps until it is due, sends, and waits
//! for the answer. Threads and not timers of an async runtime, since those round to milliseconds.
//! When all threads wait for answers the next event is sent late, and that lateness counts: its
//! latency begins at the time it was due.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Result, bail};
use hdrhistogram::Histogram;

use super::Keys;
use crate::blocking::Connection;
use crate::clock::now_ns;
use crate::payload::Renderer;
use crate::protocol::{Job, Quantiles, Sent, histogram};

/// Time to set up all threads before the first event is due.
const LEAD_NS: u64 = 50_000_000;

struct Schedule {
    start_ns: u64,
    interval_ns: u64,
    events: u64,
    next: AtomicU64,
}

impl Schedule {
    /// The next event's number and the time it is due.
    fn take(&self) -> Option<(u64, u64)> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        (id < self.events).then_some((id, self.start_ns + id * self.interval_ns))
    }
}

/// Runs the job to its end.
pub(super) fn run(job: &Job, rate: u64, duration_ms: u64) -> Result<Sent> {
    let schedule = Schedule {
        start_ns: now_ns() + LEAD_NS,
        interval_ns: 1_000_000_000 / rate,
        events: rate * duration_ms / 1000,
        next: AtomicU64::new(0),
    };
    let round_trips = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..job.connections)
            .map(|index| {
                let schedule = &schedule;
                scope.spawn(move || send_in_turn(job, index, schedule))
            })
            .collect();
        let mut all = histogram();
        for thread in threads {
            match thread.join() {
                Ok(round_trips) => all.add(round_trips?)?,
                Err(_) => bail!("a sending thread panicked"),
            }
        }
        Ok(all)
    })?;
    Ok(Sent {
        acknowledged: round_trips.len(),
        started_ns: schedule.start_ns,
        ended_ns: now_ns(),
        round_trip: Quantiles::of(&round_trips),
        ..Sent::default()
    })
}

fn send_in_turn(job: &Job, index: usize, schedule: &Schedule) -> Result<Histogram<u64>> {
    let mut connection = Connection::open(job.address, Duration::from_millis(job.limit_ms))?;
    let mut renderer = Renderer::new(job.address, &job.shape)?;
    let mut keys = Keys::of(index, job);
    let mut round_trips = histogram();
    let mut request = Vec::new();
    while let Some((id, due_ns)) = schedule.take() {
        renderer.render(&mut request, &[keys.mark(id, due_ns)])?;
        std::thread::sleep(Duration::from_nanos(due_ns.saturating_sub(now_ns())));
        let response = connection.exchange(&request)?;
        if response.status != renderer.expected_status() {
            let said = connection.excerpt(&response);
            bail!("answered {}: {said}", response.status);
        }
        round_trips.saturating_record(now_ns().saturating_sub(due_ns));
    }
    Ok(round_trips)
}
