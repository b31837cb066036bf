//! How bad input is reported: every fault, each with its place and its mend.

/// One fault of a request (RFC 9457 `errors[]`, contract §4).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Fault {
    /// Where: a JSON pointer into the request body, or `?name` for a query parameter.
    pub pointer: String,
    /// What is wrong, and what would be right.
    pub detail: String,
}

impl Fault {
    /// A fault at `pointer`.
    pub fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            detail: detail.into(),
        }
    }
}
