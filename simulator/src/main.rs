//! The simulator: the real lanes, retries and ordering over the real store, driven by a seed. See the
//! README for what a story holds and which rules it must keep.

#![expect(clippy::unwrap_used, reason = "a step that fails fails the story")]
#![expect(clippy::print_stdout, reason = "a program that reports")]

mod cores;
mod dice;
mod endpoint;
#[cfg(feature = "faults")]
mod faults;
mod fleet;
mod ledger;
mod parts;
mod story;
mod world;

use std::process::ExitCode;

use clap::Parser;

use crate::fleet::Run;
use crate::story::Broken;

/// For SQLite too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Tells stories about the delivery engine, and says which break a rule.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask simulate")]
struct Arguments {
    /// How many stories.
    #[arg(long, default_value_t = 10_000)]
    seeds: u64,
    /// The seed of the first.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Tells one story, whether it breaks a rule or not.
    #[arg(long, conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
    /// Plants a fault first.
    #[cfg(feature = "faults")]
    #[arg(long, value_name = "NAME", value_parser = faults::named)]
    fault: Option<tidings_core::planted::PlantedFault>,
    /// Plants every fault in turn, and shows how soon each is found.
    #[cfg(feature = "faults")]
    #[arg(long, conflicts_with_all = ["fault", "seed"])]
    faults: bool,
}

fn main() -> ExitCode {
    // What breaks a rule is told with its story, not by the thread that found it.
    std::panic::set_hook(Box::new(|_| {}));
    let arguments = Arguments::parse();
    #[cfg(feature = "faults")]
    if arguments.faults {
        return show_faults();
    }
    #[cfg(not(feature = "faults"))]
    let planted = String::new();
    #[cfg(feature = "faults")]
    let planted = faults::plant(arguments.fault);
    if let Some(seed) = arguments.seed {
        return tell(seed);
    }
    let run = fleet::run(arguments.from..arguments.from + arguments.seeds);
    println!("{}", summary(&run));
    match &run.broken {
        Some(broken) => {
            report(broken, &planted);
            ExitCode::FAILURE
        }
        None => ExitCode::SUCCESS,
    }
}

/// How many stories were told, and how fast.
fn summary(run: &Run) -> String {
    let seconds = run.took.as_secs_f64();
    let a_minute = run.told as f64 * 60.0 / seconds;
    format!(
        "{} stories in {seconds:.1} s, {a_minute:.0} a minute",
        run.told
    )
}

fn tell(seed: u64) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let (lines, rule) = story::tell(seed, &runtime);
    println!("{}", lines.join("\n"));
    match rule {
        Some(rule) => {
            println!("broken: {rule}");
            ExitCode::FAILURE
        }
        None => ExitCode::SUCCESS,
    }
}

/// The story, the rule it breaks and the command that tells it again, `planted` at its end.
fn report(broken: &Broken, planted: &str) {
    let Broken { seed, lines, rule } = broken;
    println!("{}", lines.join("\n"));
    println!("broken: {rule}");
    println!("again:  cargo xtask simulate --seed {seed}{planted}");
}

/// Every planted fault, and how soon it is found.
#[cfg(feature = "faults")]
fn show_faults() -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for fault in tidings_core::planted::PlantedFault::ALL {
        let run = faults::look_for(fault);
        let name = format!("{fault:?}");
        match &run.broken {
            Some(broken) => {
                let rule = broken.rule.lines().next().unwrap_or_default();
                println!("{name:<20} {} — {rule}", summary(&run));
            }
            None => {
                println!("{name:<20} {} — NOT FOUND", summary(&run));
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

#[cfg(test)]
mod tests;
