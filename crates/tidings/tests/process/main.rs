//! The whole product as its users meet it: the real binary serving on a real disk, requests over
//! sockets, deliveries to a receiver, signals, crashes, and the judgement of programs written by others.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should panic where it stands"
)]

mod at_rest;
mod bodies;
mod crashes;
mod disk_full;
mod document;
mod domain;
mod furniture;
mod http;
mod imports;
mod inbound;
mod insistence;
mod life;
mod page;
mod receipts;
mod receiver;
mod refusals;
mod server;
mod tools;
mod traces;
mod tree;
mod types;
