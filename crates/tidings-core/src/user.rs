//! Users: the people who work for an organization (contract §7).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::clock::Timestamp;
use crate::command::{Stop, Work, members};
use crate::event::Numbering;
use crate::id::UserId;
use crate::record::{Kind, Record, key_and_version};

mod command;
mod draft;

pub use command::{Act, CHANNELS_MAX, Command};
pub use draft::Draft;

/// Whether a user works here yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Asked to, and has not answered.
    Invited,
    /// Works here.
    Active,
}

/// A person who works for the organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Its name.
    pub name: String,
    /// Its e-mail address, which no other user of the organization has.
    pub email: String,
    /// Whether it works here yet.
    pub status: Status,
    /// The channels it follows.
    pub channel_ids: BTreeSet<String>,
    /// Grows by one with each change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Record for User {
    fn kind(&self) -> Kind {
        Kind::User
    }

    key_and_version!();

    fn updated_at(&self) -> Timestamp {
        self.updated_at
    }

    fn keys(&self) -> Vec<String> {
        vec![email_key(&self.email)]
    }

    fn marks(&self) -> Vec<String> {
        vec![self.status.mark(), email_mark(&self.email)]
    }
}

/// The mark of the user with this address, for lists.
pub fn email_mark(email: &str) -> String {
    format!("email:{}", email_key(email))
}

/// The key of the user with this address, however it is capitalized.
pub fn email_key(email: &str) -> String {
    email.to_lowercase()
}

impl Status {
    /// Their words.
    pub const WORDS: [(&'static str, Self); 2] =
        [("invited", Self::Invited), ("active", Self::Active)];

    /// The mark of all users of this status.
    pub fn mark(self) -> String {
        match self {
            Self::Invited => "status:invited",
            Self::Active => "status:active",
        }
        .to_owned()
    }
}

impl User {
    /// The object events carry.
    pub fn object(&self) -> Map<String, Value> {
        members(json!({
            "id": self.id,
            "name": self.name,
            "email": self.email,
            "status": self.status,
            "channelIds": self.channel_ids,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
        }))
    }

    /// The object the API answers.
    pub fn shown(&self) -> Value {
        let mut object = self.object();
        object.insert("version".into(), self.version.into());
        object.into()
    }
}

/// Writes what became of a user and fires `user.<what>`.
fn save<const N: usize>(
    work: &mut Work<'_>,
    user: &mut User,
    what: &str,
    more: [(&str, Value); N],
) -> Result<(), Stop> {
    user.updated_at = work.context.now;
    work.put(user)?;
    tell(work, user, what, more);
    Ok(())
}

/// Fires `user.<what>`.
fn tell<const N: usize>(work: &mut Work<'_>, user: &User, what: &str, more: [(&str, Value); N]) {
    let mut data = Map::new();
    data.insert("user".into(), user.object().into());
    data.extend(more.map(|(name, value)| (name.to_owned(), value)));
    let ordering_key = format!("user:{}", user.id);
    work.fire(format!("user.{what}"), data, Numbering::None, ordering_key);
}

#[cfg(test)]
mod tests;
