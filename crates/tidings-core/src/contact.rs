//! Contacts: the people conversations are held with (contract §7).
//!
//! A contact is found by who it is on a channel, which belongs to one contact alone. E-mail addresses
//! and numbers are shared words: a family has one telephone, and two records of one person can meet
//! in an import. Where a word finds several, the oldest contact answers to it, and no customer's
//! message ever fails over it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::clock::{GivenTime, Timestamp};
use crate::command::{Data, Stop, Work, differences, members};
use crate::event::Numbering;
use crate::id::ContactId;
use crate::record::{Kind, Record, key_and_version, word_of};

mod command;
pub mod draft;
mod meeting;
mod past;

pub use command::Command;
pub use draft::{
    ATTRIBUTION_BYTES_MAX, CHANNEL_TYPE_CHARACTERS_MAX, CONTACT_BYTES_MAX, Draft,
    PHONE_CHARACTERS_MAX, attribution, bounded_object, channel_type,
};
pub use meeting::{Person, meet};
pub use past::Past;

/// Who a contact is on one kind of channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// `email`, `whatsapp`, `webchat` …
    pub channel_type: String,
    /// What the channel calls the contact.
    pub external_id: String,
}

/// A person, or a firm, that writes or calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    /// Its id.
    pub id: ContactId,
    /// Its name.
    pub name: Option<String>,
    /// Its e-mail address.
    pub email: Option<String>,
    /// Its telephone number, as it was given.
    pub phone: Option<String>,
    /// Who it is on each channel.
    pub identities: Vec<Identity>,
    /// The organization's own fields.
    pub custom_fields: Map<String, Value>,
    /// Where it came from: an object that is passed on as it is.
    pub attribution: Option<Value>,
    /// Grows by one with each change.
    pub version: i64,
    /// When it was made.
    pub created_at: GivenTime,
    /// When it last changed.
    pub updated_at: GivenTime,
}

impl Contact {
    /// The contact with nothing that tells who it is: what is said of one that is erased.
    fn without_person(&self) -> Self {
        Self {
            name: None,
            email: None,
            phone: None,
            identities: Vec::new(),
            custom_fields: Map::new(),
            attribution: None,
            ..self.clone()
        }
    }
}

impl Record for Contact {
    fn kind(&self) -> Kind {
        Kind::Contact
    }

    key_and_version!();

    fn updated_at(&self) -> Timestamp {
        self.updated_at.at()
    }

    fn keys(&self) -> Vec<String> {
        self.identities.iter().map(Identity::word).collect()
    }

    fn marks(&self) -> Vec<String> {
        let email = self.email.as_deref().map(email_mark);
        let phone = self.phone.as_deref().map(phone_mark);
        email.into_iter().chain(phone).collect()
    }
}

impl Identity {
    /// The key that finds its contact.
    pub fn word(&self) -> String {
        word_of(&[&self.channel_type, &self.external_id])
    }
}

/// The mark of all contacts with this e-mail address, however it is capitalized.
pub fn email_mark(email: &str) -> String {
    format!("email:{}", email.to_lowercase())
}

/// The mark of all contacts with this number. Numbers are opaque: another spelling is another one.
pub fn phone_mark(phone: &str) -> String {
    format!("phone:{phone}")
}

/// The object that events carry and the API answers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Object<'c> {
    id: ContactId,
    name: Option<&'c str>,
    email: Option<&'c str>,
    phone: Option<&'c str>,
    identities: &'c [Identity],
    custom_fields: &'c Map<String, Value>,
    attribution: Option<&'c Value>,
    created_at: &'c GivenTime,
    updated_at: &'c GivenTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
}

impl Contact {
    /// A contact that nothing is known of.
    fn new(work: &mut Work<'_>) -> Self {
        let now = work.context.now;
        Self {
            id: ContactId(work.next_key()),
            name: None,
            email: None,
            phone: None,
            identities: Vec::new(),
            custom_fields: Map::new(),
            attribution: None,
            version: 0,
            created_at: now.into(),
            updated_at: now.into(),
        }
    }

    /// The object events carry.
    pub fn object(&self) -> Object<'_> {
        Object {
            id: self.id,
            name: self.name.as_deref(),
            email: self.email.as_deref(),
            phone: self.phone.as_deref(),
            identities: &self.identities,
            custom_fields: &self.custom_fields,
            attribution: self.attribution.as_ref(),
            created_at: &self.created_at,
            updated_at: &self.updated_at,
            version: None,
        }
    }

    /// The object the API answers.
    pub fn shown(&self) -> Object<'_> {
        Object {
            version: Some(self.version),
            ..self.object()
        }
    }

    /// What is wrong with its size, if anything.
    fn size_fault(&self) -> Option<String> {
        let bytes = json!(self.object()).to_string().len();
        (bytes > CONTACT_BYTES_MAX).then(|| {
            format!(
                "the contact would have {bytes} bytes of JSON; at most {CONTACT_BYTES_MAX} are allowed"
            )
        })
    }

    fn members(&self) -> Map<String, Value> {
        members(json!(self.object()))
    }
}

/// Writes a new contact and tells of it.
fn create(work: &mut Work<'_>, contact: &mut Contact) -> Result<(), Stop> {
    work.put(contact)?;
    tell(work, contact, "created", &Data::new());
    Ok(())
}

/// Writes what became of `before` and tells of it, if it changed at all.
fn update(work: &mut Work<'_>, before: &Contact, contact: &mut Contact) -> Result<(), Stop> {
    // Nearly always nothing did, and telling that needs no objects.
    if contact == before {
        return Ok(());
    }
    let changes = differences(&before.members(), &contact.members());
    contact.updated_at = work.context.now.into();
    work.put(contact)?;
    tell(
        work,
        contact,
        "updated",
        &Data::new().with("changes", &changes),
    );
    Ok(())
}

/// Fires an event of a contact, which carries `more` besides.
fn tell(work: &mut Work<'_>, contact: &Contact, what: &str, more: &Data) {
    work.fire(
        format!("contact.{what}"),
        Data::new().with("contact", &contact.object()).and(more),
        Numbering::None,
        format!("contact:{}", contact.id),
    );
}

#[cfg(test)]
mod tests;
