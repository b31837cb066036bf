//! The transport against receivers that misbehave in every way we know of, on real sockets.

#![expect(
    clippy::unwrap_used,
    reason = "a test rig that cannot be set up is a failed test"
)]

mod answers;
mod connections;
mod cut;
mod guard;
mod http2;
mod receiver;
mod rig;
mod tls;
