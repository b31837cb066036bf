//! Secrets at rest: XChaCha20-Poly1305 with a random nonce, the sealed row as associated data.
//!
//! A sealed text reads `sealed:` + key number + `:` + hex(nonce ‖ ciphertext); the key number is the
//! first bytes of the key's hash, so that any of a list of keys is found without trying. A text without
//! the prefix was stored while no key was configured.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};

const PREFIX: &str = "sealed:";
const NONCE_LEN: usize = 24;
const KEY_NUMBER_LEN: usize = 4;

/// Encrypts with the first key, decrypts with any; without keys, stores as is.
#[derive(Clone, Default)]
pub struct Sealer {
    keys: Vec<SealingKey>,
}

#[derive(Clone)]
struct SealingKey {
    number: String,
    cipher: XChaCha20Poly1305,
}

/// No configured key opens the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no configured secrets key opens this")]
pub struct CannotOpen;

impl Sealer {
    /// A sealer with these keys, the first of which encrypts.
    pub fn new(keys: &[[u8; 32]]) -> Self {
        let keys = keys.iter().map(|key| SealingKey {
            number: hex::encode(&Sha256::digest(key)[..KEY_NUMBER_LEN]),
            cipher: XChaCha20Poly1305::new(&Key::from(*key)),
        });
        Self {
            keys: keys.collect(),
        }
    }

    /// Seals `text` for the row named `row`.
    pub fn seal(&self, row: &str, text: &str) -> String {
        let Some(key) = self.keys.first() else {
            return text.to_owned();
        };
        let mut nonce = [0u8; NONCE_LEN];
        getrandom::fill(&mut nonce).expect("the system gives random numbers");
        let payload = Payload {
            msg: text.as_bytes(),
            aad: row.as_bytes(),
        };
        let sealed = key
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .expect("texts are far below the cipher's limit");
        format!(
            "{PREFIX}{}:{}{}",
            key.number,
            hex::encode(nonce),
            hex::encode(sealed)
        )
    }

    /// Whether `text` is stored as [`Sealer::seal`] would store it today: with the first key, if any.
    pub fn is_current(&self, text: &str) -> bool {
        match (self.keys.first(), text.strip_prefix(PREFIX)) {
            (Some(first), Some(sealed)) => sealed
                .split_once(':')
                .is_some_and(|(number, _)| number == first.number),
            (None, None) => true,
            _ => false,
        }
    }

    /// Opens what was sealed for the row named `row`.
    pub fn open(&self, row: &str, text: &str) -> Result<String, CannotOpen> {
        let Some(sealed) = text.strip_prefix(PREFIX) else {
            return Ok(text.to_owned());
        };
        let (number, payload) = sealed.split_once(':').ok_or(CannotOpen)?;
        let payload = hex::decode(payload).map_err(|_| CannotOpen)?;
        let (nonce, ciphertext) = payload.split_first_chunk::<NONCE_LEN>().ok_or(CannotOpen)?;
        let payload = || Payload {
            msg: ciphertext,
            aad: row.as_bytes(),
        };
        self.keys
            .iter()
            .filter(|key| key.number == number)
            .find_map(|key| key.cipher.decrypt(&XNonce::from(*nonce), payload()).ok())
            .and_then(|opened| String::from_utf8(opened).ok())
            .ok_or(CannotOpen)
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealer({} keys)", self.keys.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_what_it_sealed_for_the_same_row_only() {
        let sealer = Sealer::new(&[[7; 32]]);
        let sealed = sealer.seal("webhook 1", "whsec_x");
        assert!(!sealed.contains("whsec_x"));
        assert_eq!(sealer.open("webhook 1", &sealed).as_deref(), Ok("whsec_x"));
        assert_eq!(sealer.open("webhook 2", &sealed), Err(CannotOpen));
    }

    #[test]
    fn keys_rotate() {
        let old = Sealer::new(&[[1; 32]]);
        let both = Sealer::new(&[[2; 32], [1; 32]]);
        let new = Sealer::new(&[[2; 32]]);
        let sealed = old.seal("row", "text");
        assert_eq!(both.open("row", &sealed).as_deref(), Ok("text"));
        assert_eq!(new.open("row", &sealed), Err(CannotOpen));
        assert_eq!(
            new.open("row", &both.seal("row", "text")).as_deref(),
            Ok("text")
        );
    }

    #[test]
    fn without_a_key_the_text_stays() {
        let none = Sealer::default();
        assert_eq!(none.seal("row", "text"), "text");
        assert_eq!(
            Sealer::new(&[[1; 32]]).open("row", "text").as_deref(),
            Ok("text")
        );
        assert_eq!(
            none.open("row", &Sealer::new(&[[1; 32]]).seal("row", "text")),
            Err(CannotOpen)
        );
    }
}
