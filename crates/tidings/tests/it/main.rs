//! The real binary, as a shell would call it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should panic where it stands"
)]

mod client;
mod command;
mod config;
mod dev;
mod doctor;
mod process;
mod trigger;
mod verify;
