//! The far end, scripted: how an endpoint takes what comes.

use std::time::Duration;

use tidings_core::outcome::{AttemptError, Outcome, RetryAfter};

use crate::dice::Dice;

/// The longest wait that a busy endpoint asks for, in seconds.
pub(crate) const WISH_SECONDS_MAX: u64 = 90;

/// What an endpoint is like for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Well,
    /// Answers 500.
    Ill,
    /// Never answers in time.
    Hanging,
    /// Cannot be reached.
    Away,
    /// Answers 429 or 503, and asks to be spared for a while.
    Busy,
    /// Answers this or that, and once in a while that it is gone for ever.
    Fickle,
}

impl Mood {
    const ALL: [Self; 6] = [
        Self::Well,
        Self::Ill,
        Self::Hanging,
        Self::Away,
        Self::Busy,
        Self::Fickle,
    ];

    pub(crate) fn any(dice: &mut Dice) -> Self {
        Self::ALL[dice.roll(Self::ALL.len() as u64) as usize]
    }

    /// What an attempt comes to.
    pub(crate) fn outcome(self, dice: &mut Dice) -> Outcome {
        match self {
            Self::Well => answer(200, None),
            Self::Hanging => silence(AttemptError::Timeout),
            Self::Away => silence(AttemptError::Connect),
            Self::Busy => {
                let wish = Duration::from_secs(dice.roll(WISH_SECONDS_MAX));
                let status = if dice.hits(2) { 429 } else { 503 };
                answer(status, Some(RetryAfter(wish)))
            }
            Self::Fickle if dice.hits(40) => answer(410, None),
            Self::Fickle if dice.hits(20) => silence(AttemptError::Reset),
            Self::Fickle if dice.hits(2) => answer(200, None),
            Self::Ill | Self::Fickle => answer(500, None),
        }
    }
}

fn answer(status: u16, retry_after: Option<RetryAfter>) -> Outcome {
    Outcome {
        status: Some(status),
        error: (status != 200).then_some(AttemptError::Status),
        duration: Duration::from_millis(1),
        retry_after,
        headers: Vec::new(),
        body: Vec::new(),
        truncated: false,
    }
}

fn silence(error: AttemptError) -> Outcome {
    Outcome {
        status: None,
        error: Some(error),
        ..answer(200, None)
    }
}
