//! Finding the contact that writes or calls, or making its acquaintance (contract §7).

use super::command::fill;
use super::draft::{self, CHANNEL_ID_CHARACTERS_MAX, IDENTITIES_MAX};
use super::{Contact, Identity, create, email_mark, phone_mark, update};
use crate::command::{Stop, Work};
use crate::input::{Given, Object};
use crate::record::Kind;

/// Channels on which nobody can write under an address or number that is not theirs.
const PROVING_CHANNELS: [&str; 4] = ["email", "sms", "phone", "whatsapp"];

/// Channels whose ids may be numbers.
const NUMBERED_CHANNELS: [&str; 3] = ["sms", "phone", "whatsapp"];

/// Who wrote or called, as the channel tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// On which channel, and under which id.
    pub identity: Identity,
    /// Under which name.
    pub name: Option<String>,
    /// With which e-mail address.
    pub email: Option<String>,
    /// With which number.
    pub phone: Option<String>,
}

impl Person {
    /// Reads `from {id, name?, email?, phone?}`; `None` when there is no sound id. An id that is plainly
    /// an address or a number, as mail and telephones have it, need not be told twice.
    pub fn read(from: &mut Object<'_, '_>, channel_type: &str) -> Option<Self> {
        from.require(&["id"]);
        let id = from.text("id", 1..=CHANNEL_ID_CHARACTERS_MAX);
        let [name, email, phone] =
            [draft::name(from), draft::email(from), draft::phone(from)].map(Given::value);
        let id = id?;
        let is_address = channel_type == "email" && draft::is_address(id);
        let is_number = NUMBERED_CHANNELS.contains(&channel_type) && is_number(id);
        Some(Self {
            identity: Identity {
                channel_type: channel_type.to_owned(),
                external_id: id.to_owned(),
            },
            name,
            email: email.or_else(|| is_address.then(|| id.to_owned())),
            phone: phone.or_else(|| is_number.then(|| id.to_owned())),
        })
    }

    /// Reads `{id?, name?, email?, phone?}` of someone who is to be written to on `channel_type`. Without
    /// an id there, the address or the number tells who it is.
    pub fn read_addressee(person: &mut Object<'_, '_>, channel_type: &str) -> Option<Self> {
        if person.has("id") {
            return Self::read(person, channel_type);
        }
        let [name, email, phone] = [
            draft::name(person),
            draft::email(person),
            draft::phone(person),
        ]
        .map(Given::value);
        let by_email = email.clone().map(|address| ("email", address));
        let by_phone = || phone.clone().map(|number| ("phone", number));
        let Some((channel_type, external_id)) = by_email.or_else(by_phone) else {
            person.fault(
                "email",
                "is required; or give an id of the channel, or a phone",
            );
            return None;
        };
        Some(Self {
            identity: Identity {
                channel_type: channel_type.to_owned(),
                external_id,
            },
            name,
            email,
            phone,
        })
    }

    /// The other side of a call.
    pub fn of_call(number: &str) -> Self {
        Self {
            identity: Identity {
                channel_type: "phone".into(),
                external_id: number.to_owned(),
            },
            name: None,
            email: None,
            phone: Some(number.to_owned()),
        }
    }
}

/// Whether a text is a number in the international form (E.164).
fn is_number(text: &str) -> bool {
    text.strip_prefix('+')
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit()))
}

/// The contact of `person`: the one with its identity, else, where the channel proves them, the oldest
/// one with its address or number, else a new one. What the contact lacks is filled in, what it says
/// otherwise stays.
pub fn meet(work: &mut Work<'_>, person: &Person) -> Result<Contact, Stop> {
    let found = match work.find(Kind::Contact, &person.identity.word())? {
        Some(contact) => Some(contact),
        None => find_by_address(work, person)?,
    };
    let Some(before) = found else {
        let mut contact = Contact::new(work);
        learn(&mut contact, person);
        create(work, &mut contact)?;
        return Ok(contact);
    };
    let mut contact = before.clone();
    learn(&mut contact, person);
    // A customer's message never fails for it: what is too much is not learned.
    if contact != before && contact.size_fault().is_some() {
        return Ok(before);
    }
    update(work, &before, &mut contact)?;
    Ok(contact)
}

fn find_by_address(work: &mut Work<'_>, person: &Person) -> Result<Option<Contact>, Stop> {
    if !PROVING_CHANNELS.contains(&person.identity.channel_type.as_str()) {
        return Ok(None);
    }
    let email = person.email.as_deref().map(email_mark);
    let phone = person.phone.as_deref().map(phone_mark);
    for mark in email.iter().chain(&phone) {
        if let Some(contact) = work.oldest_marked(Kind::Contact, mark)? {
            return Ok(Some(contact));
        }
    }
    Ok(None)
}

/// Notes what `person` tells that was not known. One identity too many is let pass: the address or
/// number still finds the contact.
fn learn(contact: &mut Contact, person: &Person) {
    fill(&mut contact.name, person.name.as_ref());
    fill(&mut contact.email, person.email.as_ref());
    fill(&mut contact.phone, person.phone.as_ref());
    let is_new = !contact.identities.contains(&person.identity);
    if is_new && contact.identities.len() < IDENTITIES_MAX {
        contact.identities.push(person.identity.clone());
    }
}
