//! Documents that are made from the catalogue, so that they cannot fall behind it.

mod events;

use std::fs;

use anyhow::Context as _;

use crate::run;

const EVENTS: &str = "docs/events.md";

/// Writes them all.
pub(crate) fn run() -> anyhow::Result<()> {
    fs::write(run::root().join(EVENTS), events::page())
        .with_context(|| format!("cannot write {EVENTS}"))?;
    eprintln!("documents: wrote {EVENTS}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_committed_is_what_the_catalogue_says() {
        let committed = fs::read_to_string(run::root().join(EVENTS)).unwrap_or_default();
        assert!(
            committed == events::page(),
            "{EVENTS} is not what the catalogue says; run `cargo xtask documents`"
        );
    }
}
