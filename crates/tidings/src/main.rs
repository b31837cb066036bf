//! `tidings`: webhooks for customer conversations, in one binary.

mod cli;
mod client;
mod commands;
mod config;
mod failure;
mod installation;
mod output;
mod suggest;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
