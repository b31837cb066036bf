//! What a custom type may be called.

use crate::catalogue::event_types;
use crate::dialect::Dialect;

/// How long a name may be, in characters.
pub const NAME_CHARACTERS_MAX: usize = 100;
/// The form of a name, as a regular expression.
pub const NAME_PATTERN: &str = "^[a-z][a-z0-9_-]*([.][a-z][a-z0-9_-]*)+$";

/// The first segment of what Tidings tells of webhooks.
const RESERVED: &str = "webhook";

/// Why a name cannot be a custom type's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not segments joined by dots.
    #[error(
        "must be at least two segments joined by dots, each of lower-case letters, digits, `_` and `-` and beginning with a letter, such as `order.shipped`"
    )]
    Form,
    /// Too long.
    #[error("has more than {NAME_CHARACTERS_MAX} characters")]
    TooLong,
    /// What Tidings alone tells.
    #[error("begins with `{RESERVED}`, which is for Tidings alone to tell")]
    Reserved,
    /// A canonical type.
    #[error("is a type of the catalogue, which is there already")]
    InCatalogue,
    /// A vendor's name for a canonical type.
    #[error("is what the dialect {0} calls a type of the catalogue; choose another name")]
    InDialect(Dialect),
}

/// Whether a custom type can have this name.
pub fn check_name(name: &str) -> Result<(), NameError> {
    if name.chars().count() > NAME_CHARACTERS_MAX {
        return Err(NameError::TooLong);
    }
    if name.split('.').count() < 2 || !name.split('.').all(is_segment) {
        return Err(NameError::Form);
    }
    if name.split('.').next() == Some(RESERVED) {
        return Err(NameError::Reserved);
    }
    if event_types().iter().any(|known| known.name() == name) {
        return Err(NameError::InCatalogue);
    }
    let spoken = |dialect: &Dialect| dialect.names().contains(&name);
    match Dialect::ALL.into_iter().find(spoken) {
        Some(dialect) => Err(NameError::InDialect(dialect)),
        None => Ok(()),
    }
}

fn is_segment(segment: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase();
    let is_other = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
    segment.bytes().next().is_some_and(is_letter)
        && segment
            .bytes()
            .all(|byte| is_letter(byte) || is_other(byte))
}
