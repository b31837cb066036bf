#![doc = include_str!("../README.md")]

mod actor;
mod answer;
mod app;
mod body;
mod call;
mod caller;
mod challenge;
mod commanding;
mod cursor;
mod exposition;
mod filter;
mod idempotency;
mod openapi;
mod operation;
mod organization_event;
mod page;
mod pipeline;
mod problem;
mod publication;
mod rate_limit;
mod request_id;
mod router;
mod routes;
mod serve;
mod show;
mod trace;
mod version;

pub use app::{App, AppOptions, key_hash};
pub use exposition::serve_metrics;
pub use serve::serve;
