//! The rows of the table, one file each.
//!
//! To add one: write a file with a function from the lab to rows, and name it in [`ALL`].
//! Scenarios run in this order, and each finds the figures of the ones it needs in
//! [`crate::lab::Reference`].

mod backlog;
mod bare;
mod batches;
mod conversations;
mod fan_out;
mod idle;
mod inbound;
mod latency;
mod many_webhooks;
mod neighbour;
mod ordered;
mod owed;
mod publish;
mod raw_commit;
mod raw_http;
mod raw_latency;
mod start_up;
mod stored;

use anyhow::{Result, bail};

use crate::lab::Lab;
use crate::report::Row;

/// One scenario.
pub(crate) struct Scenario {
    /// Its name for `--only`.
    pub name: &'static str,
    /// What it measures, for `--list`.
    pub about: &'static str,
    /// Scenarios whose figures its targets refer to.
    pub needs: &'static [&'static str],
    /// Whether it runs the tidings program.
    pub uses_product: bool,
    /// Measures.
    pub run: fn(&mut Lab) -> Result<Vec<Row>>,
}

const RAW: &[&str] = &["raw-http"];

/// All scenarios in the order they run.
pub(crate) const ALL: &[Scenario] = &[
    raw(
        "raw-http",
        "HTTP POST with HMAC, client to receiver",
        &[],
        raw_http::run,
    ),
    raw(
        "raw-commit",
        "SQLite group commit of event + delivery",
        &[],
        raw_commit::run,
    ),
    raw(
        "raw-latency",
        "round trip at 500/s, client to receiver",
        &[],
        raw_latency::run,
    ),
    raw(
        "bare",
        "HTTP in, group commit, HTTP out, nothing else",
        RAW,
        bare::run,
    ),
    product("start", "start-up on an empty store", &[], start_up::run),
    product(
        "idle",
        "memory and CPU of a server with nothing to do",
        &[],
        idle::run,
    ),
    product(
        "latency",
        "publish to receipt at 500 events/s",
        &["raw-latency", "raw-commit"],
        latency::run,
    ),
    product(
        "publish",
        "one event per request",
        &["raw-http", "bare"],
        publish::run,
    ),
    product("batches", "100 events per request", RAW, batches::run),
    product("backlog", "draining a stored backlog", RAW, backlog::run),
    product("fan-out", "one event to 10 webhooks", RAW, fan_out::run),
    product(
        "ordered",
        "ordered by conversation",
        &["raw-http", "batches"],
        ordered::run,
    ),
    product(
        "webhooks",
        "one event per request among many webhooks",
        &["raw-http", "publish"],
        many_webhooks::run,
    ),
    product(
        "stored",
        "one event per request above a long history",
        &["raw-http", "publish"],
        stored::run,
    ),
    product(
        "inbound",
        "one customer's message per request",
        RAW,
        inbound::run,
    ),
    product(
        "conversations",
        "customers' messages above many conversations",
        &["raw-http", "inbound"],
        conversations::run,
    ),
    product(
        "owed",
        "memory and start-up with deliveries owed",
        &[],
        owed::run,
    ),
    product(
        "neighbour",
        "a healthy webhook beside dead and hanging ones",
        &[],
        neighbour::run,
    ),
    raw(
        "raw-again",
        "raw HTTP once more, to see whether the machine kept its speed",
        RAW,
        raw_http::run_again,
    ),
];

const fn raw(
    name: &'static str,
    about: &'static str,
    needs: &'static [&'static str],
    run: fn(&mut Lab) -> Result<Vec<Row>>,
) -> Scenario {
    Scenario {
        name,
        about,
        needs,
        uses_product: false,
        run,
    }
}

const fn product(
    name: &'static str,
    about: &'static str,
    needs: &'static [&'static str],
    run: fn(&mut Lab) -> Result<Vec<Row>>,
) -> Scenario {
    Scenario {
        uses_product: true,
        ..raw(name, about, needs, run)
    }
}

/// The scenarios named in `only` (all, when empty) with those they need, in running order.
pub(crate) fn choose(only: &[String]) -> Result<Vec<&'static Scenario>> {
    let mut chosen = vec![only.is_empty(); ALL.len()];
    for name in only {
        let Some(index) = ALL.iter().position(|scenario| scenario.name == name) else {
            let known: Vec<&str> = ALL.iter().map(|scenario| scenario.name).collect();
            bail!("there is no row {name:?}; there are {}", known.join(", "));
        };
        chosen[index] = true;
    }
    // A scenario only needs ones before it, so one pass from the back finds them all.
    for (index, scenario) in ALL.iter().enumerate().rev() {
        if !chosen[index] {
            continue;
        }
        for (earlier, other) in ALL.iter().enumerate() {
            chosen[earlier] |= scenario.needs.contains(&other.name);
        }
    }
    let wanted = ALL.iter().zip(chosen);
    Ok(wanted
        .filter(|(_, chosen)| *chosen)
        .map(|(scenario, _)| scenario)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(only: &[&str], expected: &[&str]) {
        let only: Vec<String> = only.iter().map(ToString::to_string).collect();
        let names: Vec<&str> = choose(&only)
            .unwrap()
            .iter()
            .map(|scenario| scenario.name)
            .collect();
        assert_eq!(names, expected);
    }

    #[test]
    fn a_row_brings_what_it_is_compared_with() {
        check(&["start"], &["start"]);
        check(&["ordered"], &["raw-http", "batches", "ordered"]);
        check(&["webhooks"], &["raw-http", "bare", "publish", "webhooks"]);
        assert_eq!(choose(&[]).unwrap().len(), ALL.len());
        assert!(choose(&["nonsense".to_owned()]).is_err());
    }

    #[test]
    fn needs_come_earlier() {
        for (index, scenario) in ALL.iter().enumerate() {
            for need in scenario.needs {
                assert!(
                    ALL[..index].iter().any(|earlier| earlier.name == *need),
                    "{need}"
                );
            }
        }
    }
}
