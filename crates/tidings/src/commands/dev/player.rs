//! Plays the recorded day: gives each command at its time, through the API.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::sync::oneshot;

use super::day::{self, Answers};
use super::demo::Demo;

/// How often a wait for the next moment looks whether the day was broken off.
const PATIENCE: Duration = Duration::from_millis(50);

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

    /// Ends when the whole day was played, with the number of its commands.
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
    let mut answers = Answers::default();
    let mut given = 0;
    for step in day::steps() {
        let step = step?;
        if !wait_until(began + step.after, stop) {
            break;
        }
        let command = answers.fill(&step)?;
        let path: Vec<&str> = command.path.split('/').skip(1).collect();
        let answer = client
            .ask(command.method, &path, &command.body)
            .with_context(|| format!("the recorded day went wrong at {}", command.path))?;
        answers.keep(&step, answer);
        given += 1;
    }
    Ok(given)
}

/// Whether the moment came before the day was broken off.
fn wait_until(due: Instant, stop: &AtomicBool) -> bool {
    loop {
        if stop.load(Ordering::Relaxed) {
            return false;
        }
        let wait = due.saturating_duration_since(Instant::now());
        if wait.is_zero() {
            return true;
        }
        std::thread::sleep(wait.min(PATIENCE));
    }
}
