//! What a caller says of a contact, read and checked field by field (contract §7).

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{Contact, Identity};
use crate::input::{Given, Object};

/// How long a name may be, in characters.
pub const NAME_CHARACTERS_MAX: usize = 200;
/// How long an e-mail address may be, in characters (RFC 5321: 64 before the `@`, 255 after it).
pub const EMAIL_CHARACTERS_MAX: usize = 320;
/// How long a telephone number may be, in characters.
pub const PHONE_CHARACTERS_MAX: usize = 64;
/// How long the name of a kind of channel may be, in characters.
pub const CHANNEL_TYPE_CHARACTERS_MAX: usize = 50;
/// How long a channel's id of a contact may be, in characters.
pub const CHANNEL_ID_CHARACTERS_MAX: usize = 255;
/// How many identities a contact may have.
pub const IDENTITIES_MAX: usize = 1_000;
/// How many bytes of JSON `customFields` may have.
pub const CUSTOM_FIELDS_BYTES_MAX: usize = 32 * 1024;
/// How many bytes of JSON a contact may have: it stands in the events of its conversations, and thrice
/// in those that tell of a change.
pub const CONTACT_BYTES_MAX: usize = 64 * 1024;
/// How many bytes of JSON `attribution` may have.
pub const ATTRIBUTION_BYTES_MAX: usize = 16 * 1024;

/// What is said of a contact; the rest stays as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    name: Given<String>,
    email: Given<String>,
    phone: Given<String>,
    identities: Option<Vec<Identity>>,
    custom_fields: Given<Map<String, Value>>,
    attribution: Given<Value>,
}

impl Draft {
    /// Reads the fields of a contact from `body`.
    pub fn read(body: &mut Object<'_, '_>) -> Self {
        for name in ["id", "version", "createdAt", "updatedAt"] {
            body.refuse(name, "is read only; leave it out");
        }
        Self::read_fields(body)
    }

    /// The same where a contact may say more than these.
    pub(super) fn read_fields(body: &mut Object<'_, '_>) -> Self {
        Self {
            name: name(body),
            email: email(body),
            phone: phone(body),
            identities: identities(body),
            custom_fields: body.nullable("customFields", |body, name| {
                bounded_object(body, name, CUSTOM_FIELDS_BYTES_MAX)
            }),
            attribution: attribution(body),
        }
    }

    /// Puts what was said into `contact`.
    pub(super) fn apply_to(&self, contact: &mut Contact) {
        let said = self.clone();
        said.name.put_into(&mut contact.name);
        said.email.put_into(&mut contact.email);
        said.phone.put_into(&mut contact.phone);
        said.attribution.put_into(&mut contact.attribution);
        match said.custom_fields {
            Given::Absent => {}
            Given::Null => contact.custom_fields.clear(),
            Given::Value(fields) => contact.custom_fields = fields,
        }
        if let Some(identities) = said.identities {
            contact.identities = identities;
        }
    }
}

/// The member `name`; `null` clears it.
pub(super) fn name(body: &mut Object<'_, '_>) -> Given<String> {
    let read = body.nullable("name", |body, name| {
        body.text(name, 1..=NAME_CHARACTERS_MAX)
    });
    read.map(ToOwned::to_owned)
}

/// The member `email`; `null` clears it.
pub(super) fn email(body: &mut Object<'_, '_>) -> Given<String> {
    let read = body.nullable("email", email_address);
    read.map(ToOwned::to_owned)
}

/// An e-mail address.
pub fn email_address<'v>(body: &mut Object<'v, '_>, name: &'static str) -> Option<&'v str> {
    body.parsed(name, |text| {
        let sound = is_address(text) && text.chars().count() <= EMAIL_CHARACTERS_MAX;
        sound
            .then_some(text)
            .ok_or("must be an e-mail address, such as ada@okafor.example")
    })
}

/// The member `phone`; `null` clears it.
pub(super) fn phone(body: &mut Object<'_, '_>) -> Given<String> {
    let read = body.nullable("phone", |body, name| {
        body.text(name, 1..=PHONE_CHARACTERS_MAX)
    });
    read.map(ToOwned::to_owned)
}

/// The member `attribution`, an object that is passed on as it is; `null` clears it.
pub fn attribution(body: &mut Object<'_, '_>) -> Given<Value> {
    let read = body.nullable("attribution", |body, name| {
        bounded_object(body, name, ATTRIBUTION_BYTES_MAX)
    });
    read.map(Value::from)
}

/// An object whose names are free, of so many bytes at most.
pub fn bounded_object(
    body: &mut Object<'_, '_>,
    name: &'static str,
    bytes_max: usize,
) -> Option<Map<String, Value>> {
    let entries = body.entries(name)?.clone();
    let bytes = Value::from(entries.clone()).to_string().len();
    if bytes <= bytes_max {
        return Some(entries);
    }
    body.fault(
        name,
        format!("must have at most {bytes_max} bytes of JSON; it has {bytes}"),
    );
    None
}

fn identities(body: &mut Object<'_, '_>) -> Option<Vec<Identity>> {
    let mut read = body.objects("identities", 0..=IDENTITIES_MAX, |entry| {
        entry.require(&["channelType", "externalId"]);
        let channel_type = channel_type(entry);
        let external_id = entry.text("externalId", 1..=CHANNEL_ID_CHARACTERS_MAX);
        Some(Identity {
            channel_type: channel_type?.to_owned(),
            external_id: external_id?.to_owned(),
        })
    })?;
    // One that is named twice is meant once.
    let mut seen = HashSet::new();
    read.retain(|identity| seen.insert(identity.word()));
    Some(read)
}

/// The member `channelType`.
pub fn channel_type<'v>(body: &mut Object<'v, '_>) -> Option<&'v str> {
    body.text("channelType", 1..=CHANNEL_TYPE_CHARACTERS_MAX)
}

/// Whether a text can be an e-mail address; what it is worth, only a mail can tell.
pub(super) fn is_address(text: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control();
    text.rsplit_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
        && !text.contains(odd)
}
