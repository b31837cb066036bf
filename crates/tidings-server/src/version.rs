//! The version that a caller has seen: an answer shows it as its `ETag`, `If-Match` insists on it
//! (contract §7).

use http::HeaderValue;
use http::header::{ETAG, IF_MATCH};
use serde::Deserialize;
use serde_json::Value;
use tidings_core::command::Rejection;
use tidings_core::fault::Fault;

use crate::answer::Answer;
use crate::call::Call;
use crate::problem::Problem;

/// The version of what was just made.
pub(crate) const VERSION_FIRST: i64 = 1;

impl Call {
    /// The version that the caller has seen, if it must be the last.
    pub(crate) fn if_match(&self) -> Result<Option<i64>, Problem> {
        let Some(header) = self.headers.get(IF_MATCH) else {
            return Ok(None);
        };
        match header.to_str().unwrap_or_default().trim() {
            "*" => Ok(None),
            tag => version_in(tag).map(Some).ok_or_else(|| {
                let detail = r#"must be the ETag of an answer, such as "3", or *"#;
                Problem::invalid(vec![Fault::at("If-Match", detail)])
            }),
        }
    }

    /// Refuses to change a version that the caller has not seen.
    pub(crate) fn check_version(&self, found: i64) -> Result<(), Problem> {
        match self.if_match()? {
            Some(expected) if expected != found => {
                Err(Rejection::Version { expected, found }.into())
            }
            _ => Ok(()),
        }
    }
}

impl Answer {
    /// The same with the version of the record it shows, if it shows one, as its `ETag`.
    pub(crate) fn tagged(self) -> Self {
        #[derive(Deserialize)]
        struct Shown {
            version: Option<Value>,
        }
        let text = self.text.as_deref().unwrap_or_default();
        let shown: Option<Shown> = serde_json::from_slice(text).ok();
        match shown.and_then(|shown| shown.version?.as_i64()) {
            Some(version) => self.tagged_as(version),
            None => self,
        }
    }

    /// The same with this version as its `ETag`.
    pub(crate) fn tagged_as(self, version: i64) -> Self {
        let tag = HeaderValue::from_str(&format!("\"{version}\""));
        self.with(ETAG, tag.expect("digits in quotes make a header"))
    }
}

/// The version an entity tag names; bare digits, which many clients send, are taken for one too.
fn version_in(tag: &str) -> Option<i64> {
    let quoted = tag.strip_prefix('"').map(|tag| tag.strip_suffix('"'));
    let digits = quoted.unwrap_or(Some(tag))?;
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    #[test]
    fn a_tag_names_a_version() {
        let check = |tag: &str, version| assert_eq!(version_in(tag), version, "{tag}");
        check("\"1\"", Some(1));
        check("1", Some(1));
        check("\"9007199254740993\"", Some(9_007_199_254_740_993));
        for other in [
            "",
            "\"1",
            "1\"",
            "\"\"",
            "\"x\"",
            "\"-1\"",
            "W/\"1\"",
            "\"1\", \"2\"",
            "\"99999999999999999999\"",
        ] {
            check(other, None);
        }
    }

    #[test]
    fn answers_that_show_a_version_are_tagged() {
        let tag = |text: &'static str| {
            let answer = Answer::of_text(StatusCode::OK, text).tagged();
            let found = answer.headers.iter().find(|(name, _)| name == ETAG);
            found.map(|(_, value)| value.to_str().unwrap().to_owned())
        };
        assert_eq!(tag(r#"{"id":"x","version":12}"#), Some("\"12\"".to_owned()));
        assert_eq!(tag(r#"{"version":"v1"}"#), None);
        assert_eq!(tag(r#"{"message":{"version":1}}"#), None);
        assert_eq!(tag(""), None);
    }
}
