//! The challenge: an endpoint proves that it wants to be delivered to (contract §5; ChatShipper's
//! `GET url?type=subscribe&challenge=…`, to be answered with the challenge as plain text).

use std::fmt;

use crate::delivery::Attempt;

/// How much chance a challenge holds, in bytes: none can be guessed, so only who reads it can echo it.
pub const CHALLENGE_BYTES: usize = 16;

/// A text that is asked once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge(String);

impl Challenge {
    /// The challenge that these random bytes make.
    pub fn from_random(random: [u8; CHALLENGE_BYTES]) -> Self {
        Self(format!("{:032x}", u128::from_be_bytes(random)))
    }

    /// What is added to the endpoint's url.
    pub fn query(&self) -> [(&'static str, &str); 2] {
        [("type", "subscribe"), ("challenge", &self.0)]
    }

    /// Whether the endpoint answered 2xx with the challenge and nothing else. White space around it,
    /// which many frameworks add to a plain text, is forgiven.
    pub fn is_echoed_by(&self, attempt: &Attempt) -> bool {
        attempt.error.is_none()
            && !attempt.truncated
            && attempt.response_body.trim_ascii() == self.0.as_bytes()
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::delivery::HeaderRecord;
    use crate::outcome::AttemptError;

    #[test]
    fn only_the_text_itself_is_an_echo() {
        let challenge = Challenge::from_random([0xab; CHALLENGE_BYTES]);
        let text = "ab".repeat(CHALLENGE_BYTES);
        let check = |body: &str, error: Option<AttemptError>, truncated: bool, expect: bool| {
            let attempt = Attempt {
                number: 1,
                started_at: Timestamp::from_ms(0),
                duration_ms: 1,
                status_code: Some(200),
                error,
                request_headers: HeaderRecord::default(),
                response_headers: HeaderRecord::default(),
                response_body: body.into(),
                truncated,
                reply_error: None,
            };
            assert_eq!(challenge.is_echoed_by(&attempt), expect, "{body}");
        };
        check(&text, None, false, true);
        check(&format!("{text}\r\n"), None, false, true);
        check("", None, false, false);
        check("ok", None, false, false);
        check(&text.to_uppercase(), None, false, false);
        check(&format!("\"{text}\""), None, false, false);
        check(&format!("{text} {text}"), None, false, false);
        check(&text, Some(AttemptError::Status), false, false);
        check(&text, Some(AttemptError::Timeout), false, false);
        check(&text, None, true, false);
    }
}
