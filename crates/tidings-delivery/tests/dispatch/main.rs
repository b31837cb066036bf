//! All lanes as the hub drives them, with no hub: on a real store, step by step.

#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod memory;
mod rig;
mod slots;
mod waits;

#[path = "../engine/webhook.rs"]
mod webhook;
