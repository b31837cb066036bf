use super::*;

/// How many stories a run of the tests tells.
#[cfg(not(feature = "faults"))]
const SEEDS: u64 = 300;

#[cfg(not(feature = "faults"))]
#[test]
fn every_story_keeps_the_rules() {
    let run = fleet::run(0..SEEDS);
    if let Some(broken) = run.broken {
        report(&broken, "");
        panic!("the story of seed {} breaks a rule", broken.seed);
    }
}

#[cfg(not(feature = "faults"))]
#[test]
fn a_seed_tells_the_same_story() {
    let tell = |seed| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        story::tell(seed, &runtime).0
    };
    for seed in 0..5 {
        assert_eq!(tell(seed), tell(seed), "seed {seed}");
    }
}

#[cfg(feature = "faults")]
#[test]
fn every_planted_fault_is_found_and_a_clean_run_finds_none() {
    use std::time::Duration;

    /// How long the search for one may take.
    const FOUND_WITHIN: Duration = Duration::from_mins(1);

    std::panic::set_hook(Box::new(|_| {}));
    let mut latest = 0;
    for fault in tidings_core::planted::PlantedFault::ALL {
        let run = faults::look_for(fault);
        println!("{fault:?}: {}", summary(&run));
        assert!(run.broken.is_some(), "{fault:?} is not found");
        assert!(run.took < FOUND_WITHIN, "{fault:?} is found late");
        latest = latest.max(run.told);
    }
    let clean = fleet::run(0..latest);
    assert!(clean.broken.is_none(), "{:?}", clean.broken);
}
