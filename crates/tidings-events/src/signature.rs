//! Signing a delivery: the headers that prove who sent it.

use std::fmt;

use crate::dialect::Dialect;
use crate::scheme::{StandardKey, VendorKey};
use crate::secret::Secret;

/// Names as they are sent, in lower case; see [`crate::header`] for the vendors' spelling.
const VARDA_EVENT: &str = "x-varda-event";
const VARDA_DELIVERY: &str = "x-varda-delivery";

/// The secrets of one webhook, hashed into ready keys once; signing then costs the body alone.
#[derive(Clone)]
pub struct Signer {
    dialect: Dialect,
    current: StandardKey,
    previous: Option<StandardKey>,
    vendor: Option<VendorKey>,
}

impl Signer {
    /// A signer with the current secret and, during the overlap of a rotation, the previous one.
    ///
    /// In an overlap `webhook-signature` carries both, the current first, and the vendor's header
    /// keeps the previous one (contract §5): a vendor's receiver knows one secret and has not changed
    /// it yet.
    pub fn new(dialect: Dialect, current: &Secret, previous: Option<&Secret>) -> Self {
        Self {
            dialect,
            current: StandardKey::new(current),
            previous: previous.map(StandardKey::new),
            vendor: VendorKey::new(dialect, previous.unwrap_or(current)),
        }
    }

    /// The signature headers of one attempt, names in lower case.
    ///
    /// `message_id` is the event's id, `event_name` the dialect's name of it (read only where
    /// [`Dialect::names_event_in_headers`]), `timestamp_s` the second of the attempt, and `body` the
    /// exact bytes that are sent.
    pub fn headers(
        &self,
        message_id: &str,
        delivery_id: &str,
        event_name: &str,
        timestamp_s: i64,
        body: &[u8],
    ) -> Vec<(&'static str, String)> {
        let timestamp = timestamp_s.to_string();
        let mut signature = self.current.sign(message_id, &timestamp, body);
        if let Some(previous) = &self.previous {
            signature.push(' ');
            signature.push_str(&previous.sign(message_id, &timestamp, body));
        }
        let mut headers = Vec::with_capacity(6);
        headers.push(("webhook-id", message_id.to_owned()));
        if let (Some(name), Some(vendor)) = (sent_signature_header(self.dialect), &self.vendor) {
            headers.push((name, vendor.sign(&timestamp, body)));
        }
        if self.dialect.names_event_in_headers() {
            headers.push((VARDA_EVENT, event_name.to_owned()));
            headers.push((VARDA_DELIVERY, delivery_id.to_owned()));
        }
        headers.push(("webhook-timestamp", timestamp));
        headers.push(("webhook-signature", signature));
        headers
    }
}

impl Dialect {
    /// Whether a header of its own names the event. Elsewhere the body alone does, and nobody need
    /// work the name out, which for some takes a look into the data.
    pub fn names_event_in_headers(self) -> bool {
        self == Self::Varda
    }
}

/// [`Dialect::signature_header`] in lower case, as header names are sent.
fn sent_signature_header(dialect: Dialect) -> Option<&'static str> {
    match dialect {
        Dialect::Atender => Some("x-atender-signature"),
        Dialect::Chatshipper => Some("x-hub-signature"),
        Dialect::Varda => Some("x-varda-signature"),
        Dialect::Dialogbrain => Some("x-dialogbrain-signature"),
        Dialect::Standard => None,
    }
}

/// Shows no key.
impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("dialect", &self.dialect)
            .field("overlap", &self.previous.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sent_names_are_the_vendors_in_lower_case() {
        for dialect in Dialect::ALL {
            let spelled = dialect.signature_header().map(str::to_lowercase);
            assert_eq!(sent_signature_header(dialect).map(str::to_owned), spelled);
        }
        assert_eq!(VARDA_EVENT, crate::header::VARDA_EVENT.to_lowercase());
        assert_eq!(VARDA_DELIVERY, crate::header::VARDA_DELIVERY.to_lowercase());
    }
}
