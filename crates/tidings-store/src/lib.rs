#![doc = include_str!("../README.md")]

pub mod answer;
pub mod change;
pub mod directory;
pub mod error;
pub mod order;
pub mod publish;
pub mod query;
pub mod seal;

mod document;
mod sql;
mod sqlite;
mod store;

pub use directory::Directory;
pub use error::{OpenError, StoreError};
pub use store::{Committed, Handoff, Replayed, Store, StoreOptions};
