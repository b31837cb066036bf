//! One file per command: its arguments, its help and what it does.

pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod dev;
pub(crate) mod doctor;
pub(crate) mod events;
pub(crate) mod import;
pub(crate) mod keys;
mod listing;
pub(crate) mod replay;
pub(crate) mod serve;
mod ticker;
pub(crate) mod trigger;
pub(crate) mod types;
pub(crate) mod verify;
pub(crate) mod webhooks;
