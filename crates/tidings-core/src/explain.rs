//! Why an event was, or was not, sent to a webhook: a closed set of reasons, each with a sentence.

use crate::subscription::Unheard;

/// Why, as a program tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is owed and waits for its next try.
    Pending,
    /// It is owed and held with its webhook.
    Held,
    /// It arrived.
    Succeeded,
    /// It was given up.
    Exhausted,
    /// It was dropped.
    Discarded,
    /// The webhook was made later.
    NotMadeYet,
    /// The organization's webhooks were switched off when it happened.
    SwitchedOff,
    /// The webhook's own endpoint caused it, by an answer.
    CausedByIt,
    /// It tells the other webhooks of this one.
    TellsOfIt,
    /// The webhook was not concerned.
    Unheard(Unheard),
    /// Its payload is gone, and with it what its name depended on.
    Erased,
    /// It was owed, and the record of that is past the retention.
    Forgotten,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 15] = [
        Self::Pending,
        Self::Held,
        Self::Succeeded,
        Self::Exhausted,
        Self::Discarded,
        Self::NotMadeYet,
        Self::SwitchedOff,
        Self::CausedByIt,
        Self::TellsOfIt,
        Self::Unheard(Unheard::OutsideSubtree),
        Self::Unheard(Unheard::DescendantsExcluded),
        Self::Unheard(Unheard::NotInDialect),
        Self::Unheard(Unheard::NotAskedFor),
        Self::Erased,
        Self::Forgotten,
    ];

    /// The word in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Held => "held",
            Self::Succeeded => "succeeded",
            Self::Exhausted => "exhausted",
            Self::Discarded => "discarded",
            Self::NotMadeYet => "webhook_not_made_yet",
            Self::SwitchedOff => "webhooks_switched_off",
            Self::CausedByIt => "caused_by_it",
            Self::TellsOfIt => "tells_of_it",
            Self::Unheard(Unheard::OutsideSubtree) => "outside_subtree",
            Self::Unheard(Unheard::DescendantsExcluded) => "descendants_excluded",
            Self::Unheard(Unheard::NotInDialect) => "not_in_dialect",
            Self::Unheard(Unheard::NotAskedFor) => "not_asked_for",
            Self::Erased => "erased",
            Self::Forgotten => "forgotten",
        }
    }

    /// The sentence for people.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Pending => "it is owed and waits for its next attempt",
            Self::Held => {
                "it is owed and held while the webhook is paused, disabled, unverified or switched off; it is sent on resume"
            }
            Self::Succeeded => "it was delivered",
            Self::Exhausted => {
                "it was tried and given up; retry the delivery, or replay what failed"
            }
            Self::Discarded => {
                "it was owed and then discarded, for the reason the delivery names; a replay of what was missed sends it"
            }
            Self::NotMadeYet => {
                "the webhook was made after the event happened; a replay of what was missed sends it"
            }
            Self::SwitchedOff => {
                "the webhooks of the organization were switched off when the event happened; a replay of what was missed sends it"
            }
            Self::CausedByIt => {
                "the webhook's own endpoint caused it by its answer to a delivery, and does not hear itself"
            }
            Self::TellsOfIt => "it tells of this very webhook, which only the others hear",
            Self::Unheard(Unheard::OutsideSubtree) => {
                "the event happened neither in the webhook's organization nor below it"
            }
            Self::Unheard(Unheard::DescendantsExcluded) => {
                "the event happened below the webhook's organization, and the webhook did not include descendants"
            }
            Self::Unheard(Unheard::NotInDialect) => {
                "the webhook's dialect does not carry the event: it has no name for its type, or for what of it changed"
            }
            Self::Unheard(Unheard::NotAskedFor) => {
                "none of the patterns the webhook had when the event happened means it"
            }
            Self::Erased => {
                "it was not owed; the event was erased since, so which name it had in the dialect cannot be told"
            }
            Self::Forgotten => "it was owed, and the record of the delivery is past the retention",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_reason_has_a_word_and_a_sentence_of_its_own() {
        let words: HashSet<_> = Reason::ALL.map(Reason::as_str).into();
        let sentences: HashSet<_> = Reason::ALL.map(Reason::sentence).into();
        assert_eq!(
            (words.len(), sentences.len()),
            (Reason::ALL.len(), Reason::ALL.len())
        );
    }
}
