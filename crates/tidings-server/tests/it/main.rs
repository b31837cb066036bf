//! The API over real connections, on a real store.

#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod access;
mod app;
mod atender;
mod conversations;
mod documents;
mod endpoint;
mod errands;
mod errors;
mod event_types;
mod events;
mod idempotency;
mod imports;
mod organizations;
mod paging;
mod people;
mod protocol;
mod record;
mod replays;
mod resources;
mod stream;
mod webhooks;
