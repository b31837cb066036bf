//! Faults planted on purpose, to show that the rules find such.

use tidings_core::planted::{self, PlantedFault};

use crate::fleet::{self, Run};

/// In how many stories each is found at the latest.
pub(crate) const SEEDS_MAX: u64 = 400;

/// Runs with one fault planted, until a story shows it.
pub(crate) fn look_for(fault: PlantedFault) -> Run {
    planted::plant(Some(fault));
    let run = fleet::run(0..SEEDS_MAX);
    planted::plant(None);
    run
}

/// Plants a fault, and tells how to ask for it.
pub(crate) fn plant(fault: Option<PlantedFault>) -> String {
    planted::plant(fault);
    fault.map_or(String::new(), |fault| format!(" --fault {fault:?}"))
}

/// A fault by its name.
pub(crate) fn named(name: &str) -> Result<PlantedFault, String> {
    let mut all = PlantedFault::ALL.into_iter();
    all.find(|fault| format!("{fault:?}") == name)
        .ok_or_else(|| {
            let names = PlantedFault::ALL.map(|fault| format!("{fault:?}"));
            format!("the faults are {}", names.join(", "))
        })
}
