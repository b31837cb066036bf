//! Plays the recorded day: publishes each event at its time, through the API.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::oneshot;

use super::demo::Demo;

/// The day: a line per event, with the moment it is published at.
const DAY: &str = include_str!("../../../../../examples/published-day.ndjson");
/// How often a wait for the next moment looks whether the day was broken off.
const PATIENCE: Duration = Duration::from_millis(50);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    at_ms: u64,
    publish: Value,
}

/// The player, on a thread of its own.
pub(super) struct Player {
    stop: Arc<AtomicBool>,
    finished: oneshot::Receiver<anyhow::Result<usize>>,
}

impl Player {
    pub(super) fn start(demo: &Demo) -> anyhow::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (tell, finished) = oneshot::channel();
        let (demo, stopped) = (demo.clone(), stop.clone());
        std::thread::Builder::new()
            .name("player".into())
            .spawn(move || {
                // Nobody listens any more when the demonstration was broken off.
                let _ = tell.send(play(&demo, &stopped));
            })?;
        Ok(Self { stop, finished })
    }

    /// Ends when the whole day was published, with the number of its events.
    pub(super) async fn finished(&mut self) -> anyhow::Result<usize> {
        (&mut self.finished)
            .await
            .context("the player ended badly")?
    }

    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn play(demo: &Demo, stop: &AtomicBool) -> anyhow::Result<usize> {
    let client = demo.client()?;
    let began = Instant::now();
    let mut published = 0;
    for line in DAY.lines() {
        let line: Line =
            serde_json::from_str(line).context("a line of the recorded day is unreadable")?;
        let due = began + Duration::from_millis(line.at_ms);
        while let Some(wait) = due
            .checked_duration_since(Instant::now())
            .filter(|wait| !wait.is_zero())
        {
            if stop.load(Ordering::Relaxed) {
                return Ok(published);
            }
            std::thread::sleep(wait.min(PATIENCE));
        }
        client.post(&["v1", "events"], &line.publish)?;
        published += 1;
    }
    Ok(published)
}
