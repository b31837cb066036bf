//! Remembered answers: what an `Idempotency-Key` was answered with (contract §4).

use std::time::Duration;

use sha2::{Digest, Sha256};
use tidings_core::id::KeyId;

/// How long an answer is remembered.
pub const REMEMBERED_FOR: Duration = Duration::from_hours(24);

/// A request that is to be answered once: who asked what, under which key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remember {
    /// Hash of (API key, method, path, idempotency key).
    pub scope: [u8; 32],
    /// Hash of the body.
    pub body: [u8; 32],
}

impl Remember {
    /// Describes a request. `caller` is `None` for the configured admin key.
    pub fn new(
        caller: Option<KeyId>,
        method: &str,
        path: &str,
        idempotency_key: &str,
        body: &[u8],
    ) -> Self {
        let mut scope = Sha256::new();
        for part in [
            &caller.map_or(0, |key| key.0).to_string(),
            method,
            path,
            idempotency_key,
        ] {
            scope.update((part.len() as u64).to_be_bytes());
            scope.update(part.as_bytes());
        }
        Self {
            scope: scope.finalize().into(),
            body: Sha256::digest(body).into(),
        }
    }
}

/// An answer to be given again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body.
    pub body: String,
    /// Whether the body holds a secret and is encrypted at rest.
    pub secret: bool,
}

/// What is remembered of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Hash of the body it came with.
    pub body: [u8; 32],
    /// The first answer.
    pub answer: Answer,
}
