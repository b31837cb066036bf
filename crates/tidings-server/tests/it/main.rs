//! The API over real connections, on a real store.

mod access;
mod app;
mod atender;
mod documents;
mod errors;
mod events;
mod idempotency;
mod organizations;
mod paging;
mod protocol;
mod stream;
mod webhooks;
