//! What a caller says of a call, read and checked field by field (contract §7).

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Direction, Disposition};
use crate::clock::GivenTime;
use crate::contact::draft::{PHONE_CHARACTERS_MAX, attribution};
use crate::id::{ContactId, ConversationId};
use crate::input::Object;

/// How long the notes of an outcome may be, in characters.
pub const NOTES_CHARACTERS_MAX: usize = 4_000;

/// The words for which side began.
pub const DIRECTIONS: [(&str, Direction); 2] = [
    ("inbound", Direction::Inbound),
    ("outbound", Direction::Outbound),
];

/// The words for how a call ended.
pub const DISPOSITIONS: [(&str, Disposition); 3] = [
    ("completed", Disposition::Completed),
    ("failed", Disposition::Failed),
    ("abandoned", Disposition::Abandoned),
];

/// What can come of a call.
pub const OUTCOME_TYPES: [(&str, OutcomeType); 8] = [
    ("booked", OutcomeType::Booked),
    ("quoted", OutcomeType::Quoted),
    ("follow_up", OutcomeType::FollowUp),
    ("not_interested", OutcomeType::NotInterested),
    ("no_answer", OutcomeType::NoAnswer),
    ("spam", OutcomeType::Spam),
    ("wrong_number", OutcomeType::WrongNumber),
    ("other", OutcomeType::Other),
];

/// What can come of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeType {
    /// The customer booked.
    Booked,
    /// An offer was made.
    Quoted,
    /// They will talk again.
    FollowUp,
    /// The customer does not want it.
    NotInterested,
    /// Nobody was reached.
    NoAnswer,
    /// It was no customer.
    Spam,
    /// Someone else was meant.
    WrongNumber,
    /// Anything else.
    Other,
}

/// A call that begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Beginning {
    /// Which side began.
    pub direction: Direction,
    /// The number that calls.
    pub from: String,
    /// The number that is called.
    pub to: String,
    /// The other side, where that is known.
    pub contact_id: Option<ContactId>,
    /// The conversation it is part of, where that is known.
    pub conversation_id: Option<ConversationId>,
    /// Where the customer came from.
    pub attribution: Option<Value>,
    /// When it began, if not now.
    pub started_at: Option<GivenTime>,
}

/// A call that ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// How.
    pub disposition: Disposition,
    /// When, if not now.
    pub ended_at: Option<GivenTime>,
}

/// What someone notes of what came of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tag {
    /// What came of it.
    #[serde(rename = "type")]
    pub kind: OutcomeType,
    /// What it may be worth, in hundredths of the currency.
    pub estimated_value_cents: Option<u32>,
    /// What it was worth.
    pub actual_value_cents: Option<u32>,
    /// In the note-taker's words.
    pub notes: Option<String>,
}

impl Beginning {
    /// Reads the body of a new call. What is faulty reads as anything, once its fault is noted.
    pub fn read(body: &mut Object<'_, '_>) -> Self {
        body.require(&["direction", "from", "to"]);
        let direction = body.one_of("direction", &DIRECTIONS);
        let from = body.text("from", 1..=PHONE_CHARACTERS_MAX);
        let to = body.text("to", 1..=PHONE_CHARACTERS_MAX);
        let contact_id = body.parsed("contactId", ContactId::from_str);
        let conversation_id = body.parsed("conversationId", ConversationId::from_str);
        let attribution = attribution(body).value();
        let started_at = body.time("startedAt");
        Self {
            direction: direction.unwrap_or(Direction::Inbound),
            from: from.unwrap_or_default().to_owned(),
            to: to.unwrap_or_default().to_owned(),
            contact_id,
            conversation_id,
            attribution,
            started_at,
        }
    }

    /// The number of the customer's side.
    pub fn other_side(&self) -> &str {
        match self.direction {
            Direction::Inbound => &self.from,
            Direction::Outbound => &self.to,
        }
    }
}

impl Ending {
    /// Reads how a call ended.
    pub fn read(body: &mut Object<'_, '_>) -> Self {
        body.require(&["disposition"]);
        let disposition = body.one_of("disposition", &DISPOSITIONS);
        let ended_at = body.time("endedAt");
        Self {
            disposition: disposition.unwrap_or(Disposition::Completed),
            ended_at,
        }
    }
}

impl Tag {
    /// Reads what came of a call.
    pub fn read(body: &mut Object<'_, '_>) -> Self {
        body.require(&["type"]);
        let kind = body.one_of("type", &OUTCOME_TYPES);
        let [estimated_value_cents, actual_value_cents] =
            ["estimatedValueCents", "actualValueCents"]
                .map(|name| body.integer(name, 0..=u32::MAX));
        let notes = body.text("notes", 1..=NOTES_CHARACTERS_MAX);
        Self {
            kind: kind.unwrap_or(OutcomeType::Other),
            estimated_value_cents,
            actual_value_cents,
            notes: notes.map(ToOwned::to_owned),
        }
    }

    /// What it brought: the actual value if that is above 0, else the estimated one (contract §6).
    pub fn revenue_cents(&self) -> Option<u32> {
        let actual = self.actual_value_cents.filter(|cents| *cents > 0);
        actual.or(self.estimated_value_cents)
    }
}
