//! Verifying a delivery: for receivers in Rust, and for `tidings verify`.
//!
//! The signature is judged before the time, so that a time is only named as the fault of a delivery
//! that is otherwise genuine. All comparisons of signatures take constant time.

use serde::de::DeserializeOwned;
use serde_json::Value;
use subtle::ConstantTimeEq;

use crate::catalogue::EventType;
use crate::dialect::Dialect;
use crate::scheme::{StandardKey, VendorKey, header};
use crate::secret::Secret;

/// How far the time of an attempt may lie from the receiver's clock, in seconds, by custom.
pub const TOLERANCE_S: i64 = 300;

/// A delivery whose signature holds.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifiedEvent {
    /// The dialect it was verified in.
    pub dialect: Dialect,
    /// The event's name in the dialect.
    pub event: String,
    /// The event's id (`webhook-id`), equal on every attempt: what to deduplicate by. Proven when the
    /// Standard Webhooks headers were there, which Tidings always sends; else absent.
    pub id: Option<String>,
    /// The second of the attempt, when the signature covers one.
    pub attempted_at_s: Option<i64>,
    /// The whole body.
    pub body: Value,
}

impl VerifiedEvent {
    /// The canonical types told under the event's name, which tell when it is sent and what it holds;
    /// none for a custom type.
    pub fn event_types(&self) -> Vec<&'static EventType> {
        let documented = self.dialect.event(&self.event);
        documented.map_or_else(Vec::new, |event| event.event_types)
    }

    /// The organization it happened in, in the dialects that tell it.
    pub fn organization_id(&self) -> Option<&str> {
        let member = match self.dialect {
            Dialect::Atender => "tenantId",
            Dialect::Chatshipper => "organization",
            Dialect::Standard => "organizationId",
            Dialect::Varda | Dialect::Dialogbrain => return None,
        };
        self.body[member].as_str()
    }

    /// When it happened, in the dialects that tell it: RFC 3339.
    pub fn occurred_at(&self) -> Option<&str> {
        self.body["timestamp"].as_str()
    }

    /// The whole body, read as `T`: the `Event` that `tidings types --lang rust` writes for the
    /// dialect, or an enum or struct of your own.
    pub fn typed<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        T::deserialize(&self.body)
    }

    /// The body's `data`, read as `T`.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        T::deserialize(&self.body["data"])
    }
}

/// Why a delivery is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// A header the scheme needs is not there.
    #[error("the header {0} is missing")]
    MissingHeader(&'static str),
    /// A header is there, but not in the scheme's form.
    #[error("the header {name} is malformed: it should read {form}")]
    MalformedHeader {
        /// The header.
        name: &'static str,
        /// What it should look like.
        form: &'static str,
    },
    /// The delivery is genuine, but its time is too far from the receiver's clock: an old delivery
    /// sent again by someone, or a clock that is wrong.
    #[error(
        "the time is out of tolerance: sent {skew_s} s away from this clock, {tolerance_s} s are allowed"
    )]
    Time {
        /// Seconds from the attempt to now; negative when the attempt lies ahead.
        skew_s: i64,
        /// What was allowed.
        tolerance_s: i64,
    },
    /// No signature there is was made from this body with any of the secrets. Mathematics cannot tell
    /// a wrong secret from an altered body.
    #[error(
        "no signature matches: either the secret is another one, or the body was altered on its way"
    )]
    SecretOrBody,
    /// One of two signatures proves secret and body; the other, in this header, does not match. During
    /// a rotation that is the vendor's, made with the previous secret; else the headers were altered.
    #[error(
        "the body is intact, but the header {0} does not match any of the secrets: \
         it was altered, or made with another secret (the previous one, during a rotation)"
    )]
    Secret(&'static str),
    /// The signature holds, but the body is no JSON object that names an event: not a webhook body.
    #[error("the signature holds, but the body is not a JSON object that names its event")]
    Body,
}

/// Verifies a delivery of `dialect` against any of `secrets` (two during a rotation).
///
/// `headers` are name and value as received, in any case and order; `body` is the raw body. A vendor's
/// own signature decides when its header is there, else the Standard Webhooks headers do; where all of
/// both are there, both must hold. `now_s` is the receiver's clock in Unix seconds; an attempt may lie
/// up to `tolerance_s` away from it, where the signature covers a time.
pub fn verify<N: AsRef<str>, V: AsRef<str>>(
    dialect: Dialect,
    secrets: &[Secret],
    headers: &[(N, V)],
    body: &[u8],
    now_s: i64,
    tolerance_s: i64,
) -> Result<VerifiedEvent, VerifyError> {
    let look_up = |wanted: &str| {
        let found = headers
            .iter()
            .find(|(name, _)| name.as_ref().eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.as_ref().trim())
    };
    let vendor = VendorSignature::read(dialect, look_up)?;
    let standard = match StandardSignature::read(look_up) {
        Err(_) if vendor.is_some() => None,
        read => Some(read?),
    };
    let vendor_holds = vendor
        .as_ref()
        .map(|signature| signature.holds(dialect, secrets, body));
    let standard_holds = standard
        .as_ref()
        .map(|signature| signature.holds(secrets, body));
    match (vendor_holds, standard_holds) {
        (Some(false), Some(true)) => {
            return Err(VerifyError::Secret(
                dialect.signature_header().unwrap_or_default(),
            ));
        }
        (Some(true), Some(false)) => return Err(VerifyError::Secret(header::WEBHOOK_SIGNATURE)),
        (Some(true) | None, Some(true)) | (Some(true), None) => {}
        _ => return Err(VerifyError::SecretOrBody),
    }
    let times = [
        vendor.as_ref().and_then(|signature| signature.time_s),
        standard.as_ref().map(|signature| signature.time_s),
    ];
    for time_s in times.into_iter().flatten() {
        let skew_s = now_s.saturating_sub(time_s);
        if skew_s.saturating_abs() > tolerance_s {
            return Err(VerifyError::Time {
                skew_s,
                tolerance_s,
            });
        }
    }
    let [vendor_time_s, standard_time_s] = times;
    let body: Value = serde_json::from_slice(body).map_err(|_| VerifyError::Body)?;
    let event = body[dialect.event_member()]
        .as_str()
        .ok_or(VerifyError::Body)?
        .to_owned();
    let id = standard.map(|signature| signature.id.to_owned());
    Ok(VerifiedEvent {
        dialect,
        event,
        id,
        attempted_at_s: standard_time_s.or(vendor_time_s),
        body,
    })
}

/// The vendor's header, read.
struct VendorSignature<'h> {
    header: &'h str,
    /// Varda's `t`, as written and as a number.
    timestamp: &'h str,
    time_s: Option<i64>,
}

impl<'h> VendorSignature<'h> {
    /// `None` when the dialect has no header of its own, or this delivery does not carry it.
    fn read(
        dialect: Dialect,
        look_up: impl Fn(&str) -> Option<&'h str>,
    ) -> Result<Option<Self>, VerifyError> {
        let Some(name) = dialect.signature_header() else {
            return Ok(None);
        };
        let Some(header) = look_up(name) else {
            return Ok(None);
        };
        let (form, digits) = match dialect {
            Dialect::Chatshipper => ("sha1=<40 hex characters>", header.strip_prefix("sha1=")),
            Dialect::Dialogbrain => ("sha256=<64 hex characters>", header.strip_prefix("sha256=")),
            Dialect::Varda => (
                "t=<unix seconds>,v1=<64 hex characters>",
                varda_parts(header).map(|(_, digits)| digits),
            ),
            Dialect::Atender | Dialect::Standard => ("<64 hex characters>", Some(header)),
        };
        let length = if dialect == Dialect::Chatshipper {
            40
        } else {
            64
        };
        let is_hex =
            |text: &str| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !digits.is_some_and(is_hex) {
            return Err(VerifyError::MalformedHeader { name, form });
        }
        let timestamp = varda_parts(header).map_or("", |(timestamp, _)| timestamp);
        Ok(Some(Self {
            header,
            timestamp,
            time_s: timestamp.parse().ok(),
        }))
    }

    fn holds(&self, dialect: Dialect, secrets: &[Secret], body: &[u8]) -> bool {
        any(secrets, |secret| {
            let expected = VendorKey::new(dialect, secret)?.sign(self.timestamp, body);
            Some(expected.as_bytes().ct_eq(self.header.as_bytes()))
        })
    }
}

fn varda_parts(header: &str) -> Option<(&str, &str)> {
    let (timestamp, digits) = header.strip_prefix("t=")?.split_once(",v1=")?;
    timestamp
        .parse::<i64>()
        .is_ok()
        .then_some((timestamp, digits))
}

/// The three Standard Webhooks headers, read.
struct StandardSignature<'h> {
    id: &'h str,
    timestamp: &'h str,
    time_s: i64,
    list: &'h str,
}

impl<'h> StandardSignature<'h> {
    fn read(look_up: impl Fn(&str) -> Option<&'h str>) -> Result<Self, VerifyError> {
        let need = |name| look_up(name).ok_or(VerifyError::MissingHeader(name));
        let (id, timestamp, list) = (
            need(header::WEBHOOK_ID)?,
            need(header::WEBHOOK_TIMESTAMP)?,
            need(header::WEBHOOK_SIGNATURE)?,
        );
        let malformed = |name, form| VerifyError::MalformedHeader { name, form };
        let time_s = timestamp.parse().map_err(|_| {
            malformed(
                header::WEBHOOK_TIMESTAMP,
                "a whole number of seconds since 1970",
            )
        })?;
        if !list.split(' ').any(|entry| entry.starts_with("v1,")) {
            return Err(malformed(
                header::WEBHOOK_SIGNATURE,
                "v1,<base64>, more of them after spaces",
            ));
        }
        Ok(Self {
            id,
            timestamp,
            time_s,
            list,
        })
    }

    fn holds(&self, secrets: &[Secret], body: &[u8]) -> bool {
        any(secrets, |secret| {
            let expected = StandardKey::new(secret).sign(self.id, self.timestamp, body);
            let entries = self
                .list
                .split(' ')
                .map(|entry| expected.as_bytes().ct_eq(entry.as_bytes()));
            entries.reduce(|held, holds| held | holds)
        })
    }
}

/// Whether `holds` says so for any secret; all are tried, so that the time taken tells nothing.
fn any(secrets: &[Secret], holds: impl Fn(&Secret) -> Option<subtle::Choice>) -> bool {
    let choices = secrets.iter().filter_map(holds);
    choices
        .fold(subtle::Choice::from(0), |held, holds| held | holds)
        .into()
}
