//! The simulator: the real lanes and the real store, driven by a seed. A story publishes, fails, hangs,
//! pauses, crashes and jumps in time; after every step the rules must hold, and in the end, when every
//! endpoint is well, all that is owed must arrive. A seed tells the same story for ever.

#![expect(clippy::unwrap_used, reason = "a step that fails fails the story")]

mod dice;
mod parts;
mod world;

use std::panic::AssertUnwindSafe;

use world::World;

/// How many stories a run of the tests tells.
const SEEDS: u64 = 40;
const STEPS: usize = 120;

#[test]
fn every_story_keeps_the_rules() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    for seed in 0..SEEDS {
        let mut log = Vec::new();
        let told = std::panic::catch_unwind(AssertUnwindSafe(|| {
            runtime.block_on(async {
                let mut world = World::begin(seed, &mut log).await;
                for _ in 0..STEPS {
                    world.step().await;
                }
                world.end_well().await;
            });
        }));
        assert!(
            told.is_ok(),
            "the story of seed {seed} breaks a rule:\n{}",
            log.join("\n")
        );
    }
}
