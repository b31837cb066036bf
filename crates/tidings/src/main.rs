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

/// The system's allocator spent a seventh of the server's time under load.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run()
}
