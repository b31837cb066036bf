//! The signature schemes: which bytes are hashed with which key, and how the result is written.
//!
//! Signing and verifying share this file, so that they cannot come to differ. The sources are the
//! table of contract §5, the vendors' pages, and the Standard Webhooks specification.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

use crate::dialect::Dialect;
use crate::secret::Secret;

/// The header names, spelled as the vendors spell them. On the wire case means nothing, and Tidings
/// sends them in lower case.
pub mod header {
    /// The event's id, equal on every attempt (Standard Webhooks).
    pub const WEBHOOK_ID: &str = "webhook-id";
    /// The second of the attempt (Standard Webhooks).
    pub const WEBHOOK_TIMESTAMP: &str = "webhook-timestamp";
    /// A list of `v1,<base64>`, separated by spaces (Standard Webhooks).
    pub const WEBHOOK_SIGNATURE: &str = "webhook-signature";
    /// `<hex HMAC-SHA256(body)>` (Atender).
    pub const ATENDER_SIGNATURE: &str = "X-Atender-Signature";
    /// `sha1=<hex HMAC-SHA1(body)>` (ChatShipper).
    pub const CHATSHIPPER_SIGNATURE: &str = "X-Hub-Signature";
    /// `t=<unix>,v1=<hex HMAC-SHA256("<t>.<body>")>` (Varda).
    pub const VARDA_SIGNATURE: &str = "X-Varda-Signature";
    /// The event's name (Varda).
    pub const VARDA_EVENT: &str = "X-Varda-Event";
    /// The delivery's id (Varda).
    pub const VARDA_DELIVERY: &str = "X-Varda-Delivery";
    /// `sha256=<hex HMAC-SHA256(body)>` (DialogBrain).
    pub const DIALOGBRAIN_SIGNATURE: &str = "X-DialogBrain-Signature";
}

impl Dialect {
    /// The header of the vendor's own signature, as the vendor spells it; `standard` has none.
    pub fn signature_header(self) -> Option<&'static str> {
        match self {
            Self::Atender => Some(header::ATENDER_SIGNATURE),
            Self::Chatshipper => Some(header::CHATSHIPPER_SIGNATURE),
            Self::Varda => Some(header::VARDA_SIGNATURE),
            Self::Dialogbrain => Some(header::DIALOGBRAIN_SIGNATURE),
            Self::Standard => None,
        }
    }
}

/// A secret made ready for Standard Webhooks: the key is hashed once, here.
#[derive(Clone)]
pub(crate) struct StandardKey(Hmac<Sha256>);

impl StandardKey {
    pub(crate) fn new(secret: &Secret) -> Self {
        Self(sha256_keyed(&secret.base64_key()))
    }

    /// `v1,<base64 HMAC-SHA256("<id>.<timestamp>.<body>")>`.
    pub(crate) fn sign(&self, message_id: &str, timestamp: &str, body: &[u8]) -> String {
        let mut mac = self.0.clone();
        for part in [
            message_id.as_bytes(),
            b".",
            timestamp.as_bytes(),
            b".",
            body,
        ] {
            mac.update(part);
        }
        let mut signature = String::from("v1,");
        STANDARD.encode_string(mac.finalize().into_bytes(), &mut signature);
        signature
    }
}

/// A secret made ready for a vendor's own scheme.
#[derive(Clone)]
pub(crate) enum VendorKey {
    Atender(Hmac<Sha256>),
    Chatshipper(Hmac<Sha1>),
    Varda(Hmac<Sha256>),
    Dialogbrain(Hmac<Sha256>),
}

impl VendorKey {
    /// `None` for `standard`, which has no scheme besides Standard Webhooks.
    pub(crate) fn new(dialect: Dialect, secret: &Secret) -> Option<Self> {
        match dialect {
            Dialect::Atender => Some(Self::Atender(sha256_keyed(secret.text_key()))),
            Dialect::Chatshipper => {
                let keyed =
                    Hmac::new_from_slice(secret.text_key()).expect("HMAC takes keys of any length");
                Some(Self::Chatshipper(keyed))
            }
            Dialect::Varda => Some(Self::Varda(sha256_keyed(secret.text_key()))),
            Dialect::Dialogbrain => Some(Self::Dialogbrain(sha256_keyed(&secret.hex_key()))),
            Dialect::Standard => None,
        }
    }

    /// The value of the vendor's signature header. Only Varda's depends on the time.
    pub(crate) fn sign(&self, timestamp: &str, body: &[u8]) -> String {
        match self {
            Self::Atender(keyed) => hex_mac(keyed.clone().chain_update(body)),
            Self::Chatshipper(keyed) => {
                format!("sha1={}", hex_mac(keyed.clone().chain_update(body)))
            }
            Self::Dialogbrain(keyed) => {
                format!("sha256={}", hex_mac(keyed.clone().chain_update(body)))
            }
            Self::Varda(keyed) => {
                let mac = keyed
                    .clone()
                    .chain_update(timestamp)
                    .chain_update(".")
                    .chain_update(body);
                format!("t={timestamp},v1={}", hex_mac(mac))
            }
        }
    }
}

fn sha256_keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

fn hex_mac(mac: impl Mac) -> String {
    hex::encode(mac.finalize().into_bytes())
}
