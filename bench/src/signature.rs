//! Standard Webhooks signatures (HMAC-SHA256 over `id.timestamp.body`), made and checked.
//!
//! Written apart from the product's own signing on purpose: what the receiver accepts is then a
//! second opinion on what the server sends.

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The secret of every bench webhook: `whsec_` and 64 lower-case hex characters.
pub(crate) const SECRET: &str =
    "whsec_00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// Length of a base64 HMAC-SHA256.
const SIGNATURE_CHARS: usize = 44;

/// A key that is ready for use; cloning its state is cheaper than deriving it for each body.
pub(crate) struct Signer(Hmac<Sha256>);

impl Signer {
    /// The key of a `whsec_…` secret: what follows the prefix, decoded from base64.
    pub(crate) fn new(secret: &str) -> Result<Self> {
        let text = secret
            .strip_prefix("whsec_")
            .context("a secret starts with whsec_")?;
        let key = STANDARD
            .decode(text)
            .context("the secret is not base64 after whsec_")?;
        let hmac = Hmac::new_from_slice(&key).context("the secret has no usable length")?;
        Ok(Self(hmac))
    }

    /// Appends `v1,<base64>` for this message.
    pub(crate) fn sign_into(&self, out: &mut Vec<u8>, id: &[u8], timestamp: &[u8], body: &[u8]) {
        let digest = self.started(id, timestamp, body).finalize().into_bytes();
        let mut text = [0_u8; SIGNATURE_CHARS];
        let written = STANDARD
            .encode_slice(digest, &mut text)
            .expect("32 bytes are 44 characters of base64");
        out.extend_from_slice(b"v1,");
        out.extend_from_slice(&text[..written]);
    }

    /// Whether one of the space-separated `signatures` is ours for this message.
    pub(crate) fn verify(
        &self,
        signatures: &[u8],
        id: &[u8],
        timestamp: &[u8],
        body: &[u8],
    ) -> bool {
        signatures
            .split(|byte| *byte == b' ')
            .filter_map(|signature| signature.strip_prefix(b"v1,"))
            .filter_map(|text| STANDARD.decode(text).ok())
            .any(|digest| {
                self.started(id, timestamp, body)
                    .verify_slice(&digest)
                    .is_ok()
            })
    }

    fn started(&self, id: &[u8], timestamp: &[u8], body: &[u8]) -> Hmac<Sha256> {
        let mut hmac = self.0.clone();
        for part in [id, b".", timestamp, b".", body] {
            hmac.update(part);
        }
        hmac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_signed_message_verifies() {
        let signer = Signer::new(SECRET).unwrap();
        let mut header = b"v1,AAAA v2,nonsense ".to_vec();
        signer.sign_into(&mut header, b"evt_1", b"1700000000", b"{}");
        assert!(signer.verify(&header, b"evt_1", b"1700000000", b"{}"));
        assert!(!signer.verify(&header, b"evt_2", b"1700000000", b"{}"));
        assert!(!signer.verify(&header, b"evt_1", b"1700000001", b"{}"));
        assert!(!signer.verify(&header, b"evt_1", b"1700000000", b"{ }"));
    }
}
