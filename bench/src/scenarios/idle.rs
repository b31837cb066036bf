//! Memory and CPU of a server that has worked a little and now has nothing to do.

use std::time::Duration;

use anyhow::Result;

use crate::lab::Lab;
use crate::protocol::Pace;
use crate::report::Row;
use crate::rig::Rig;
use crate::usage::clock_tick;

/// Time for the last answers to be settled before watching begins.
const SETTLING: Duration = Duration::from_secs(1);

pub(super) fn run(lab: &mut Lab) -> Result<Vec<Row>> {
    let (mut rig, _) = Rig::with_webhook(lab, "idle")?;
    let job = rig.publishing(lab, 1, 1, Pace::ClosedCount { events: 100 });
    rig.run(lab, &job, 1)?;
    std::thread::sleep(SETTLING);
    let before = rig.product.usage()?;
    std::thread::sleep(lab.scale.idle);
    let after = rig.product.usage()?;

    let cpu_ms = (after.cpu.saturating_sub(before.cpu)).as_secs_f64() * 1e3;
    // The clock advances in ticks, so one tick is the least that can be told from nothing.
    let tick_ms = clock_tick().as_secs_f64() * 1e3;
    let mut row = Row::new("idle", after.resident_mib, "MiB")
        .at_most("memory", after.resident_mib, 30.0, "MiB")
        .at_most("CPU", cpu_ms, tick_ms, "ms")
        .note(format!("watched for {:?} after 100 events", lab.scale.idle));
    row.peak_mib = Some(after.peak_mib);
    Ok(vec![row])
}
