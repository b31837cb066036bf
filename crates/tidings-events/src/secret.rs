//! Signing secrets: one form that is a valid key in all five schemes (contract §5).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq;

const PREFIX: &str = "whsec_";
const HEX_DIGITS: usize = 64;

/// A secret: `whsec_` and 64 lower-case hex characters. Its `Debug` shows only [`Secret::hint`].
#[derive(Clone)]
pub struct Secret(String);

/// The text is no secret of our form. The text itself is not repeated, lest it end in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret is `whsec_` followed by 64 lower-case hex characters")]
pub struct NotASecret;

impl Secret {
    /// The secret made of 32 random bytes.
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(format!("{PREFIX}{}", hex::encode(bytes)))
    }

    /// The secret as receivers know it. Show it once, at creation or rotation.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last four characters: enough to tell secrets apart, useless to forge with.
    pub fn hint(&self) -> &str {
        &self.0[self.0.len() - 4..]
    }

    fn digits(&self) -> &str {
        &self.0[PREFIX.len()..]
    }

    /// The key of atender, chatshipper and varda: the text as shown, prefix and all.
    pub(crate) fn text_key(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The key of dialogbrain: the 32 bytes the hex digits stand for.
    pub(crate) fn hex_key(&self) -> Vec<u8> {
        hex::decode(self.digits()).expect("a secret holds an even number of hex digits")
    }

    /// The key of Standard Webhooks: the 48 bytes the digits stand for when read as base64.
    pub(crate) fn base64_key(&self) -> Vec<u8> {
        STANDARD
            .decode(self.digits())
            .expect("64 hex digits are also 16 whole groups of base64")
    }
}

impl FromStr for Secret {
    type Err = NotASecret;

    fn from_str(text: &str) -> Result<Self, NotASecret> {
        let digits = text.strip_prefix(PREFIX).ok_or(NotASecret)?;
        let is_hex = digits
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if digits.len() == HEX_DIGITS && is_hex {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotASecret)
        }
    }
}

/// In constant time.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({PREFIX}…{})", self.hint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_form() {
        let good = format!("whsec_{}", "0a".repeat(32));
        assert_eq!(
            good.parse::<Secret>().unwrap(),
            Secret::from_random([10; 32])
        );
        for bad in [
            "",
            "whsec_",
            &good[6..],
            &good[..69],
            &format!("{good}0"),
            &good.to_uppercase(),
            &good.replace("0a", "0A"),
        ] {
            assert_eq!(bad.parse::<Secret>().map(|_| ()), Err(NotASecret), "{bad}");
        }
    }

    #[test]
    fn never_shown_by_accident() {
        assert_eq!(
            format!("{:?}", Secret::from_random([0x1f; 32])),
            "Secret(whsec_…1f1f)"
        );
    }

    #[test]
    fn keys_have_their_lengths() {
        let secret = Secret::from_random([7; 32]);
        assert_eq!(
            (
                secret.text_key().len(),
                secret.hex_key().len(),
                secret.base64_key().len()
            ),
            (70, 32, 48)
        );
    }
}
