//! What a caller says of a user, read and checked field by field (contract §7).

use super::User;
use crate::contact::draft::{NAME_CHARACTERS_MAX, email_address};
use crate::input::Object;

/// What is said of a user; the rest stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    name: Option<String>,
    email: Option<String>,
}

impl Draft {
    /// Reads the fields of a user from `body`.
    pub fn read(body: &mut Object<'_, '_>) -> Self {
        for name in [
            "id",
            "status",
            "channelIds",
            "version",
            "createdAt",
            "updatedAt",
        ] {
            body.refuse(name, "is read only; leave it out");
        }
        let name = body.text("name", 1..=NAME_CHARACTERS_MAX);
        let email = email_address(body, "email");
        Self {
            name: name.map(ToOwned::to_owned),
            email: email.map(ToOwned::to_owned),
        }
    }

    /// Puts what was said into `user`.
    pub(super) fn apply_to(&self, user: &mut User) {
        if let Some(name) = &self.name {
            user.name.clone_from(name);
        }
        if let Some(email) = &self.email {
            user.email.clone_from(email);
        }
    }
}
