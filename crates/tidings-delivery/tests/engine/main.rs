//! The engine with a real store, a real transport and endpoints that answer by script.

#![expect(
    clippy::unwrap_used,
    reason = "a test rig that cannot be set up is a failed test"
)]

mod arrival;
mod endpoint;
mod errands;
mod failing;
mod flow;
mod holds;
mod notices;
mod order;
mod record;
mod replay;
mod replies;
mod restart;
mod retries;
mod rig;
mod rogues;
mod timers;
mod waking;
mod webhook;

#[path = "../transport/receiver.rs"]
#[expect(
    dead_code,
    reason = "the raw scripts are for the transport; here only the listener is used"
)]
mod receiver;
