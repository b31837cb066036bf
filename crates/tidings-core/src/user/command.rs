//! What may be done with users.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Draft, Status, User, email_key, save, tell};
use crate::command::{Rejection, Stop, Work, differences};
use crate::fault::Fault;
use crate::id::{ResourceId, UserId};
use crate::record::{Kind, ResourceKind};
use crate::resource::Resource;

/// How many channels a user may follow.
pub const CHANNELS_MAX: usize = 1_000;

/// What may be done with users.
#[derive(Clone, Debug)]
pub enum Command {
    /// Adds one.
    Create {
        /// What it is.
        draft: Draft,
        /// Whether it is asked first.
        invite: bool,
    },
    /// Changes what the draft names.
    Patch {
        /// Which.
        id: UserId,
        /// The version the caller has seen, if it must be the last.
        if_match: Option<i64>,
        /// What changes.
        draft: Draft,
    },
    /// Removes one.
    Delete {
        /// Which.
        id: UserId,
    },
    /// Does something with one.
    Act {
        /// Which.
        id: UserId,
        /// What.
        act: Act,
    },
}

/// What a user does, or what happens to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// It takes up an invitation.
    Accept,
    /// Its session begins.
    LogIn,
    /// Its session ends.
    LogOut,
    /// It follows a channel.
    Subscribe {
        /// Which: a channel here, or the caller's own id of one.
        channel_id: String,
    },
    /// It follows a channel no longer.
    Unsubscribe {
        /// Which.
        channel_id: String,
    },
    /// Something went wrong that it can mend.
    Err {
        /// What.
        message: String,
    },
}

impl Command {
    /// What it comes to; the text is the answer.
    pub(crate) fn decide(&self, work: &mut Work<'_>) -> Result<String, Stop> {
        match self {
            Self::Create { draft, invite } => create(work, draft, *invite),
            Self::Patch {
                id,
                if_match,
                draft,
            } => {
                let before: User = work.load(Kind::User, id.0)?;
                work.match_version(&before, *if_match)?;
                patch(work, &before, draft)
            }
            Self::Delete { id } => {
                let user: User = work.load(Kind::User, id.0)?;
                work.remove(&user)?;
                tell(work, &user, "deleted", []);
                Ok(String::new())
            }
            Self::Act { id, act } => {
                let mut user: User = work.load(Kind::User, id.0)?;
                act.happen(work, &mut user)?;
                Ok(user.shown().to_string())
            }
        }
    }
}

fn create(work: &mut Work<'_>, draft: &Draft, invite: bool) -> Result<String, Stop> {
    let (status, what) = if invite {
        (Status::Invited, "invited")
    } else {
        (Status::Active, "created")
    };
    let now = work.context.now;
    let mut user = User {
        id: UserId(work.next_key()),
        name: String::new(),
        email: String::new(),
        status,
        channel_ids: BTreeSet::new(),
        version: 0,
        created_at: now,
        updated_at: now,
    };
    draft.apply_to(&mut user);
    claim_email(work, &user)?;
    save(work, &mut user, what, [])?;
    Ok(user.shown().to_string())
}

fn patch(work: &mut Work<'_>, before: &User, draft: &Draft) -> Result<String, Stop> {
    let mut user = before.clone();
    draft.apply_to(&mut user);
    claim_email(work, &user)?;
    let changes = differences(&before.object(), &user.object());
    if !changes.is_empty() {
        save(work, &mut user, "updated", [("changes", changes.into())])?;
    }
    Ok(user.shown().to_string())
}

/// Refuses an address that is another user's.
fn claim_email(work: &mut Work<'_>, user: &User) -> Result<(), Stop> {
    let holder: Option<User> = work.find(Kind::User, &email_key(&user.email))?;
    match holder.filter(|holder| holder.id != user.id) {
        Some(holder) => {
            let (field, by) = ("email", holder.id.to_string());
            Err(Rejection::Taken { field, by }.into())
        }
        None => Ok(()),
    }
}

impl Act {
    fn happen(&self, work: &mut Work<'_>, user: &mut User) -> Result<(), Stop> {
        match self {
            Self::Accept if user.status == Status::Active => {}
            Self::Accept => {
                user.status = Status::Active;
                save(work, user, "accepted", [])?;
            }
            // Each session is one of its own, also the second on the same day.
            Self::LogIn => tell(work, user, "logged_in", []),
            Self::LogOut => tell(work, user, "logged_out", []),
            Self::Subscribe { channel_id } => subscribe(work, user, channel_id)?,
            Self::Unsubscribe { channel_id } => unsubscribe(work, user, channel_id)?,
            Self::Err { message } => {
                let error = ("error", json!({ "message": message }));
                tell(work, user, "errored", [error]);
            }
        }
        Ok(())
    }
}

fn subscribe(work: &mut Work<'_>, user: &mut User, channel_id: &str) -> Result<(), Stop> {
    if user.channel_ids.contains(channel_id) {
        return Ok(());
    }
    let fault = |detail: String| Rejection::Invalid(vec![Fault::at("/channelId", detail)]);
    let Some(channel) = channel(work, channel_id)? else {
        return Err(fault("names no channel of this organization".into()).into());
    };
    if user.channel_ids.len() >= CHANNELS_MAX {
        let detail = format!("is one too many: the user follows {CHANNELS_MAX} channels");
        return Err(fault(detail).into());
    }
    user.channel_ids.insert(channel_id.to_owned());
    save(work, user, "subscribed", [("channel", channel)])
}

fn unsubscribe(work: &mut Work<'_>, user: &mut User, channel_id: &str) -> Result<(), Stop> {
    if !user.channel_ids.remove(channel_id) {
        return Ok(());
    }
    let channel = channel(work, channel_id)?.unwrap_or(json!({ "id": channel_id }));
    save(work, user, "unsubscribed", [("channel", channel)])
}

/// What events tell of a channel. An id of Tidings' own form must be that of a channel here; any other
/// is the caller's own, of which nothing more is known.
fn channel(work: &mut Work<'_>, id: &str) -> Result<Option<Value>, Stop> {
    let Ok(own) = id.parse::<ResourceId>() else {
        return Ok(Some(json!({ "id": id })));
    };
    let kind = Kind::Resource(ResourceKind::Channel);
    let channel: Option<Resource> = work.look_up(kind, own.0)?;
    Ok(channel.map(|channel| channel.object().into()))
}
