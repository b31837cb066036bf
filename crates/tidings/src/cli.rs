//! The command line: what can be asked, and who answers. Commands that talk to people write to
//! stdout; faults and next steps go to stderr, so that pipes stay clean.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::commands::{
    completions, config, dev, doctor, events, import, keys, replay, serve, trigger, types, verify,
    webhooks,
};
use crate::config::Environment;

const EXAMPLES: &str = "\
Examples:
  tidings dev                              watch deliveries arrive, with a demo organization
  tidings serve                            run it; the first start prints an admin key
  tidings config show                      every setting, its value and where it came from
  tidings trigger message.received         publish a sample event
  tidings verify --dialect standard --secret whsec_… -H 'webhook-id: …' < body
  tidings doctor                           what is wrong, and what to do about it

Exit codes: 0 done, 1 it could not be done, 2 it was asked wrongly.
NO_COLOR and pipes switch colours off.";

/// Webhooks for customer conversations: what was acknowledged is signed, delivered, retried and
/// never forgotten.
#[derive(Debug, Parser)]
#[command(name = "tidings", version = env!("TIDINGS_VERSION_TEXT"), after_help = EXAMPLES)]
#[command(arg_required_else_help = true, propagate_version = false)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Arguments),
    Dev(dev::Arguments),
    Trigger(trigger::Arguments),
    Types(types::Arguments),
    Verify(verify::Arguments),
    Keys(keys::Arguments),
    Events(events::Arguments),
    Webhooks(webhooks::Arguments),
    Replay(replay::Arguments),
    Import(import::Arguments),
    Config(config::Arguments),
    Doctor(doctor::Arguments),
    Completions(completions::Arguments),
}

/// Does what the command line asks.
pub(crate) fn run() -> ExitCode {
    let environment = Environment::of_process();
    let result = match Cli::parse().command {
        Command::Serve(arguments) => serve::run(&arguments, &environment),
        Command::Dev(arguments) => dev::run(&arguments, &environment),
        Command::Trigger(arguments) => trigger::run(&arguments),
        Command::Types(arguments) => types::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Keys(arguments) => keys::run(&arguments),
        Command::Events(arguments) => events::run(&arguments),
        Command::Webhooks(arguments) => webhooks::run(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Config(arguments) => config::run(&arguments, &environment),
        Command::Doctor(arguments) => doctor::run(&arguments, &environment),
        Command::Completions(arguments) => completions::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
