//! From starting the program on an empty store until it is ready.

use anyhow::Result;

use crate::lab::Lab;
use crate::product::Product;
use crate::report::Row;

pub(super) fn run(lab: &mut Lab) -> Result<Vec<Row>> {
    let mut times_ms = Vec::new();
    for _ in 0..lab.scale.starts {
        let directory = lab.directory()?;
        let store = lab.store_url("start", directory.path());
        let product = Product::start(lab.binary()?, &store, directory.path().join("log"))?;
        times_ms.push(product.ready_after.as_secs_f64() * 1e3);
    }
    times_ms.sort_by(f64::total_cmp);
    let median_ms = times_ms[times_ms.len() / 2];
    let slowest_ms = times_ms[times_ms.len() - 1];
    let size_mib = std::fs::metadata(lab.binary()?)?.len() as f64 / f64::from(1 << 20);
    let row = Row::new("start on an empty store", median_ms, "ms")
        .at_most("median", median_ms, 100.0, "ms")
        .note(format!(
            "slowest of {} {slowest_ms:.0} ms; the program is one file of {size_mib:.1} MiB",
            times_ms.len()
        ));
    Ok(vec![row])
}
