//! What the caller of a command is answered.

use crate::message::Received;

/// What the caller of a command is answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// This JSON, or nothing.
    Text(String),
    /// A customer's message. It is written out by whoever answers, not within the commit: many of them
    /// wait for that.
    Received(Box<Received>),
}

impl Reply {
    /// The reply, as JSON.
    pub fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Received(received) => received.text(),
        }
    }
}

impl From<String> for Reply {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
