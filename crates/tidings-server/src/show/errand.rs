use serde::Serialize;
use tidings_core::delivery::Attempt;

use super::delivery::ExchangeView;
use crate::challenge::Challenged;

/// The `error` of a challenge that was answered with 2xx and something else than itself.
pub(crate) const NOT_ECHOED: &str = "not_echoed";

/// What came of a test call (contract §5).
#[derive(Serialize)]
pub(crate) struct TestView {
    delivered: bool,
    #[serde(flatten)]
    exchange: ExchangeView,
}

impl TestView {
    pub(crate) fn of(attempt: &Attempt) -> Self {
        Self {
            delivered: attempt.error.is_none(),
            exchange: ExchangeView::of(attempt),
        }
    }
}

/// What came of a challenge, and how the webhook stands after it.
#[derive(Serialize)]
pub(crate) struct VerificationView {
    verified: bool,
    status: &'static str,
    #[serde(flatten)]
    exchange: ExchangeView,
}

impl VerificationView {
    pub(crate) fn of(status: &'static str, challenged: &Challenged) -> Self {
        let mut exchange = ExchangeView::of(&challenged.attempt);
        if !challenged.is_echoed {
            exchange.error = exchange.error.or(Some(NOT_ECHOED));
        }
        Self {
            verified: challenged.is_echoed,
            status,
            exchange,
        }
    }
}
