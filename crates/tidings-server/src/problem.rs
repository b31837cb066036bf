//! Every error a caller can meet (RFC 9457, contract §4).

use http::StatusCode;
use serde::Serialize;
use tidings_core::command::Rejection;
use tidings_core::errand::Crowded;
use tidings_core::event_type::TYPES_MAX;
use tidings_core::fault::Fault;
use tidings_store::StoreError;
use tidings_store::change::Refusal;
use tracing::error;

/// Seconds a caller is asked to wait when nothing can be stored, or the server is ending.
const OVERLOADED_RETRY_SECONDS: u64 = 1;

/// Seconds a caller is asked to wait when too many endpoints are being asked.
const CROWDED_RETRY_SECONDS: u64 = 5;

/// What kind of error, as a program tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    MalformedJson,
    Unauthenticated,
    MissingScope,
    WebhooksDisabled,
    NotFound,
    MethodNotAllowed,
    RequestTimeout,
    Conflict,
    PayloadTooLarge,
    UnsupportedMediaType,
    InvalidRequest,
    IdempotencyKeyReused,
    WebhookLimitReached,
    RateLimited,
    InternalError,
    Overloaded,
}

impl Code {
    /// Every code there is.
    pub(crate) const ALL: [Self; 16] = [
        Self::MalformedJson,
        Self::Unauthenticated,
        Self::MissingScope,
        Self::WebhooksDisabled,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::Conflict,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::InvalidRequest,
        Self::IdempotencyKeyReused,
        Self::WebhookLimitReached,
        Self::RateLimited,
        Self::InternalError,
        Self::Overloaded,
    ];

    /// Status, the word for programs, the title for people.
    fn parts(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::MalformedJson => (400, "malformed_json", "The body is not JSON"),
            Self::Unauthenticated => (401, "unauthenticated", "A valid API key is needed"),
            Self::MissingScope => (403, "missing_scope", "The API key may not do this"),
            Self::WebhooksDisabled => (403, "webhooks_disabled", "Webhooks are switched off"),
            Self::NotFound => (404, "not_found", "There is no such thing"),
            Self::MethodNotAllowed => (405, "method_not_allowed", "The method is not allowed here"),
            Self::RequestTimeout => (408, "request_timeout", "The request took too long"),
            Self::Conflict => (409, "conflict", "The present state does not allow this"),
            Self::PayloadTooLarge => (413, "payload_too_large", "The request is too large"),
            Self::UnsupportedMediaType => (415, "unsupported_media_type", "The body must be JSON"),
            Self::InvalidRequest => (422, "invalid_request", "The request has faults"),
            Self::IdempotencyKeyReused => (
                422,
                "idempotency_key_reused",
                "The idempotency key is taken",
            ),
            Self::WebhookLimitReached => {
                (429, "webhook_limit_reached", "No more webhooks are allowed")
            }
            Self::RateLimited => (429, "rate_limited", "Too many requests"),
            Self::InternalError => (500, "internal_error", "Tidings failed"),
            Self::Overloaded => (503, "overloaded", "Nothing can be stored right now"),
        }
    }

    pub(crate) fn status(self) -> StatusCode {
        StatusCode::from_u16(self.parts().0).expect("the table above holds valid statuses")
    }

    pub(crate) fn word(self) -> &'static str {
        self.parts().1
    }

    pub(crate) fn title(self) -> &'static str {
        self.parts().2
    }
}

/// An error on its way to the caller.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    pub(crate) detail: String,
    pub(crate) errors: Vec<Fault>,
    pub(crate) retry_after_seconds: Option<u64>,
    /// The methods that are allowed, for `Allow`.
    pub(crate) allow: Option<String>,
}

impl Problem {
    /// Whoever is turned away for now is told when to come back, whatever the reason (contract §4).
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after_seconds: (code == Code::Overloaded).then_some(OVERLOADED_RETRY_SECONDS),
            allow: None,
        }
    }

    /// Nothing here, or nothing this key may see.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(
            Code::NotFound,
            format!("there is no such {what} within reach of this key"),
        )
    }

    /// Faults of the request, all of them.
    pub(crate) fn invalid(errors: Vec<Fault>) -> Self {
        let detail = match errors.len() {
            1 => "the request has one fault; see errors".to_owned(),
            count => format!("the request has {count} faults; see errors"),
        };
        Self {
            errors,
            ..Self::new(Code::InvalidRequest, detail)
        }
    }

    /// The body of the answer.
    pub(crate) fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Shown<'a> {
            r#type: String,
            title: &'a str,
            status: u16,
            code: &'a str,
            detail: &'a str,
            #[serde(skip_serializing_if = "<[Fault]>::is_empty")]
            errors: &'a [Fault],
        }
        let shown = Shown {
            r#type: format!("urn:tidings:problem:{}", self.code.word()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            code: self.code.word(),
            detail: &self.detail,
            errors: &self.errors,
        };
        serde_json::to_string(&shown).expect("texts and numbers are always JSON")
    }
}

impl From<Crowded> for Problem {
    fn from(crowded: Crowded) -> Self {
        Self {
            retry_after_seconds: Some(CROWDED_RETRY_SECONDS),
            ..Self::new(Code::RateLimited, crowded.to_string())
        }
    }
}

impl From<StoreError> for Problem {
    fn from(failure: StoreError) -> Self {
        if let StoreError::Overloaded(_) = failure {
            return Self::new(Code::Overloaded, failure.to_string());
        }
        error!(error = %failure, "the store failed");
        Self::new(
            Code::InternalError,
            "the store failed; the operator's log says why",
        )
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (code, detail) = match refusal {
            Refusal::NotFound => (Code::NotFound, "it was deleted meanwhile".to_owned()),
            Refusal::Conflict => (
                Code::Conflict,
                "someone else changed it at the same time; try again".to_owned(),
            ),
            Refusal::NotEmpty => (
                Code::Conflict,
                "the organization still holds organizations, keys, webhooks, event types or records; delete them first"
                    .to_owned(),
            ),
            Refusal::WebhookLimit {
                organization_id,
                max,
            } => (
                Code::WebhookLimitReached,
                format!(
                    "organization {organization_id} and those below it may hold {max} webhooks, and do; delete one, or have the limit raised"
                ),
            ),
            Refusal::ReplayRunning(id) => (
                Code::Conflict,
                format!("the webhook has a replay that runs, {id}; wait for it, or delete it"),
            ),
            Refusal::NameTaken(organization_id) => (
                Code::Conflict,
                format!(
                    "organization {organization_id} above has an event type of this name, which is known here too; publish with it, or choose another name"
                ),
            ),
            Refusal::EventTypeLimit => (
                Code::Conflict,
                format!(
                    "an organization may add {TYPES_MAX} event types, and it has; delete one it no longer needs"
                ),
            ),
            Refusal::Discarding => (
                Code::Conflict,
                "all that was held is being discarded, and the delivery with it; try again when that is written"
                    .to_owned(),
            ),
            Refusal::NotSettled => (
                Code::Conflict,
                "the delivery is still owed; it cannot be retried yet".to_owned(),
            ),
            Refusal::Erased => (
                Code::Conflict,
                "the event was erased; there is nothing left to send".to_owned(),
            ),
            Refusal::Settled => (
                Code::Conflict,
                "the delivery is settled; there is nothing to discard".to_owned(),
            ),
        };
        Self::new(code, detail)
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let conflict = |detail| Self::new(Code::Conflict, detail);
        match rejection {
            Rejection::NotFound(kind) => Self::not_found(kind.as_str()),
            Rejection::OrganizationGone => Self::not_found("organization"),
            Rejection::State {
                kind,
                state,
                action,
            } => conflict(format!(
                "the {} is {state} and cannot {action}",
                kind.as_str()
            )),
            Rejection::Version { expected, found } => conflict(format!(
                "someone else changed it: you have seen version {expected}, it has version {found} now; read it again"
            )),
            Rejection::Taken { field, by } => Self {
                errors: vec![Fault::at(
                    format!("/{field}"),
                    format!("belongs to {by} already"),
                )],
                ..conflict(format!("{field} must be unique, and belongs to {by}"))
            },
            Rejection::Full { detail } => conflict(detail),
            Rejection::Invalid(faults) => Self::invalid(faults),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::header::RETRY_AFTER;

    use super::*;
    use crate::answer::Answer;

    #[test]
    fn an_overloaded_server_says_when_to_come_back() {
        for code in Code::ALL {
            let answer = Answer::from(Problem::new(code, "the server is ending"));
            let told = answer.headers.iter().any(|(name, _)| name == RETRY_AFTER);
            assert_eq!(told, code == Code::Overloaded, "{code:?}");
        }
    }
}
