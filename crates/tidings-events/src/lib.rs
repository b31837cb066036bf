#![doc = include_str!("../README.md")]

pub mod catalogue;
pub mod custom;
mod dialect;
mod event;
mod instant;
mod json;
mod nearest;
mod pattern;
pub mod payload;
mod record_id;
mod record_times;
mod schema;
mod scheme;
mod secret;
pub mod signature;
mod verify;

pub use catalogue::{EventType, Fault, event_type, event_types};
pub use dialect::{Dialect, DialectEvent, Policy, UnknownDialect};
pub use event::{EventFacts, EventView, OccurredAt, RenderContext};
pub use nearest::nearest;
pub use pattern::{Pattern, PatternError, PatternSet};
pub use record_id::{is_own_id, to_text as id_to_text};
pub use scheme::header;
pub use secret::{NotASecret, Secret};
pub use signature::Signer;
pub use verify::{TOLERANCE_S, VerifiedEvent, VerifyError, verify};
