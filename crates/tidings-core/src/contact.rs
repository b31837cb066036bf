//! Contacts: the people conversations are held with (contract §7).
//!
//! A contact is found by who it is on a channel, which belongs to one contact alone. E-mail addresses
//! and numbers are shared words: a family has one telephone, and two records of one person can meet
//! in an import. Where a word finds several, the oldest contact answers to it, and no customer's
//! message ever fails over it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::clock::Timestamp;
use crate::command::{Stop, Work, differences};
use crate::event::Numbering;
use crate::id::ContactId;
use crate::record::{Kind, Record};

mod command;
pub mod draft;
mod meeting;
mod past;

pub use command::Command;
pub use draft::{
    ATTRIBUTION_BYTES_MAX, CHANNEL_TYPE_CHARACTERS_MAX, CONTACT_BYTES_MAX, Draft,
    PHONE_CHARACTERS_MAX, attribution, bounded_object, channel_type,
};
pub use meeting::{Sender, meet};
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
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
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

    fn key(&self) -> i64 {
        self.id.0
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn set_version(&mut self, version: i64) {
        self.version = version;
    }

    fn updated_at(&self) -> Timestamp {
        self.updated_at
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
    /// The key that finds its contact: a pair in JSON, so that no two identities read alike.
    pub fn word(&self) -> String {
        json!([self.channel_type, self.external_id]).to_string()
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
            created_at: now,
            updated_at: now,
        }
    }

    /// The object events carry.
    pub fn object(&self) -> Map<String, Value> {
        let object = json!({
            "id": self.id,
            "name": self.name,
            "email": self.email,
            "phone": self.phone,
            "identities": self.identities,
            "customFields": self.custom_fields,
            "attribution": self.attribution,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
        });
        match object {
            Value::Object(members) => members,
            _ => unreachable!("an object was written"),
        }
    }

    /// What is wrong with its size, if anything.
    fn size_fault(&self) -> Option<String> {
        let bytes = Value::from(self.object()).to_string().len();
        (bytes > CONTACT_BYTES_MAX).then(|| {
            format!(
                "the contact would have {bytes} bytes of JSON; at most {CONTACT_BYTES_MAX} are allowed"
            )
        })
    }

    /// The object the API answers.
    pub fn shown(&self) -> Value {
        let mut object = self.object();
        object.insert("version".into(), self.version.into());
        object.into()
    }
}

/// Writes a new contact and tells of it.
fn create(work: &mut Work<'_>, contact: &mut Contact) -> Result<(), Stop> {
    work.put(contact)?;
    tell(work, contact, "created", []);
    Ok(())
}

/// Writes what became of `before` and tells of it, if it changed at all.
fn update(work: &mut Work<'_>, before: &Contact, contact: &mut Contact) -> Result<(), Stop> {
    // Nearly always nothing did, and telling that needs no objects.
    if contact == before {
        return Ok(());
    }
    let changes = differences(&before.object(), &contact.object());
    contact.updated_at = work.context.now;
    work.put(contact)?;
    tell(work, contact, "updated", [("changes", changes.into())]);
    Ok(())
}

fn tell<const N: usize>(
    work: &mut Work<'_>,
    contact: &Contact,
    what: &str,
    more: [(&str, Value); N],
) {
    let mut data = Map::new();
    data.insert("contact".into(), contact.object().into());
    data.extend(more.map(|(name, value)| (name.to_owned(), value)));
    let ordering_key = format!("contact:{}", contact.id);
    work.fire(
        format!("contact.{what}"),
        data,
        Numbering::None,
        ordering_key,
    );
}

#[cfg(test)]
mod tests;
