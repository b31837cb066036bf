//! Many stories at once, over all cores.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::cores::Core;
use crate::story::{self, Broken};

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) told: u64,
    pub(crate) took: Duration,
    /// The first, by its seed, of those that broke a rule.
    pub(crate) broken: Option<Broken>,
}

/// Tells the story of each seed, until one breaks a rule.
pub(crate) fn run(seeds: Range<u64>) -> Run {
    let began = Instant::now();
    let next = AtomicU64::new(seeds.start);
    let told = AtomicU64::new(0);
    let is_over = AtomicBool::new(false);
    let broken: Mutex<Option<Broken>> = Mutex::new(None);
    let tell_some = |core: Core| {
        core.settle();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        while !is_over.load(Ordering::SeqCst) {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if !seeds.contains(&seed) {
                return;
            }
            let (lines, rule) = story::tell(seed, &runtime);
            told.fetch_add(1, Ordering::SeqCst);
            let Some(rule) = rule else { continue };
            is_over.store(true, Ordering::SeqCst);
            let mut first = broken.lock().unwrap();
            if first.as_ref().is_none_or(|first| seed < first.seed) {
                *first = Some(Broken { seed, lines, rule });
            }
        }
    };
    thread::scope(|scope| {
        for core in Core::all() {
            scope.spawn(move || tell_some(core));
        }
    });
    Run {
        told: told.into_inner(),
        took: began.elapsed(),
        broken: broken.into_inner().unwrap(),
    }
}
