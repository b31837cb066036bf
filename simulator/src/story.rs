//! One story, told from its seed: the same for ever.

use std::panic::AssertUnwindSafe;

use tokio::runtime::Runtime;

use crate::world::World;

/// How long a story is.
const STEPS: usize = 120;

/// A story that broke a rule.
#[derive(Clone, Debug)]
pub(crate) struct Broken {
    pub(crate) seed: u64,
    /// What happened, in order.
    pub(crate) lines: Vec<String>,
    /// What should not have.
    pub(crate) rule: String,
}

/// What happened, and which rule it broke, if one.
pub(crate) fn tell(seed: u64, runtime: &Runtime) -> (Vec<String>, Option<String>) {
    let mut lines = Vec::new();
    let told = std::panic::catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async {
            let mut world = World::begin(seed, &mut lines).await;
            for _ in 0..STEPS {
                world.step().await;
            }
            world.end_well().await;
        });
    }));
    let broken = told.err().map(|panic| {
        let owned = panic.downcast_ref::<String>().map(String::as_str);
        let text = owned.or_else(|| panic.downcast_ref::<&str>().copied());
        text.unwrap_or("something panicked").to_owned()
    });
    (lines, broken)
}
