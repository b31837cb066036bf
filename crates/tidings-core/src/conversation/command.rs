//! What may be done with conversations.

use serde_json::json;

use super::draft::{Assignment, Opening, Patch, TAGS_MAX};
use super::{Action, Assignee, Conversation, Handoff, Rating, State, Turn};
use crate::clock::GivenTime;
use crate::command::{Data, Rejection, Stop, Work};
use crate::id::{ConversationId, DeliveryId, ResourceId, UserId};
use crate::input::Given;
use crate::message::{self, Post};
use crate::record::{Kind, ResourceKind};
use crate::reply_draft;
use crate::resource::Resource;
use crate::user::User;

/// What may be done with conversations.
#[derive(Clone, Debug)]
pub enum Command {
    /// Begins one.
    Open(Box<Opening>),
    /// Does something with one.
    Act {
        /// Which.
        id: ConversationId,
        /// What.
        act: Act,
    },
}

/// What is done with one conversation.
#[derive(Clone, Debug)]
pub enum Act {
    /// Changes fields.
    Patch {
        /// The version the caller has seen, if it must be the last.
        if_match: Option<i64>,
        /// What changes.
        patch: Box<Patch>,
    },
    /// Settles it.
    Resolve,
    /// Takes it up again.
    Reopen,
    /// Puts it aside.
    Snooze {
        /// When it is active again; in the future.
        until: GivenTime,
    },
    /// Ends it for good.
    Close,
    /// Gives it to someone, or to nobody.
    Assign(Assignment),
    /// Puts a tag on it.
    Tag(String),
    /// Takes a tag off it.
    Untag(String),
    /// Notes what the customer thought of it.
    Rate(Rating),
    /// The AI asks for a person.
    RequestHandoff(Handoff),
    /// A person takes over.
    AcceptHandoff,
    /// Writes to the customer, or a note.
    Post(Box<Post>),
    /// Puts up a reply for approval.
    Propose(message::Body),
    /// Posts what an endpoint answered to a delivery, each message once.
    Reply {
        /// To which delivery.
        delivery: DeliveryId,
        /// What, in its order.
        posts: Vec<Post>,
    },
    /// Makes it part of another, which answers for it from then on.
    Merge {
        /// The one that stays.
        into: ConversationId,
    },
    /// Removes it with its messages and drafts.
    Delete,
    /// Lets time do its part: what slept long enough wakes, what was done long enough is closed.
    Wake,
}

impl Command {
    /// What it comes to; the text is the answer.
    pub(crate) fn decide(&self, work: &mut Work<'_>) -> Result<String, Stop> {
        match self {
            Self::Open(opening) => super::opening::open(work, opening),
            Self::Act { id, act } => {
                let conversation = match act {
                    Act::Delete => work.load_itself(Kind::Conversation, id.0)?,
                    _ => work.load(Kind::Conversation, id.0)?,
                };
                act.decide(work, *id, conversation)
            }
        }
    }
}

impl Act {
    /// Done to the conversation that is called so, perhaps by the id of one that is part of it now.
    fn decide(
        &self,
        work: &mut Work<'_>,
        id: ConversationId,
        conversation: Conversation,
    ) -> Result<String, Stop> {
        if let Self::Patch { if_match, .. } = self {
            work.match_version(&conversation, *if_match)?;
        }
        let mut turn = Turn::on(conversation);
        match self {
            Self::Resolve => turn.act(work, Action::Resolve, None)?,
            Self::Reopen => turn.act(work, Action::Reopen, None)?,
            Self::Close => turn.act(work, Action::Close, None)?,
            Self::Snooze { until } => turn.act(work, Action::Snooze, Some(until))?,
            Self::Patch { patch, .. } => turn.patch(patch)?,
            Self::Assign(assignment) => turn.assign(work, assignment)?,
            Self::Tag(tag) => turn.tag(tag)?,
            Self::Untag(tag) => turn.untag(tag)?,
            Self::Rate(rating) => turn.rate(rating),
            Self::RequestHandoff(handoff) => turn.request_handoff(handoff)?,
            Self::AcceptHandoff => turn.accept_handoff()?,
            Self::Post(post) => return super::writing::post(work, turn, post),
            Self::Propose(body) => return reply_draft::propose(work, turn, body),
            Self::Reply { delivery, posts } => {
                return super::writing::reply(work, turn, *delivery, posts);
            }
            Self::Wake => turn.wake(work)?,
            Self::Merge { into } => return super::ending::merge(work, id, &turn, *into),
            Self::Delete => return super::ending::delete(work, turn),
        }
        let turn = turn.finish(work)?;
        Ok(json!(turn.conversation().shown()).to_string())
    }
}

impl Turn {
    /// Refuses what only an open conversation allows.
    fn must_be_open(&self) -> Result<(), Stop> {
        Ok(Action::Change.admit(self.conversation().state.status())?)
    }

    fn wake(&mut self, work: &Work<'_>) -> Result<(), Stop> {
        let state = &self.conversation().state;
        let is_due = state.wake_at().is_some_and(|at| at <= work.context.now);
        match state {
            State::Snoozed { .. } if is_due => self.act(work, Action::Reopen, None),
            State::Done { .. } if is_due => self.act(work, Action::Close, None),
            _ => Ok(()),
        }
    }

    fn patch(&mut self, patch: &Patch) -> Result<(), Stop> {
        self.must_be_open()?;
        let patch = patch.clone();
        let mut next = self.conversation().clone();
        patch.subject.put_into(&mut next.subject);
        patch.folder.put_into(&mut next.folder);
        next.priority = patch.priority.unwrap_or(next.priority);
        match patch.custom_fields {
            Given::Absent => {}
            Given::Null => next.custom_fields.clear(),
            Given::Value(fields) => next.custom_fields = fields,
        }
        if next != *self.conversation() {
            *self.edit() = next;
        }
        Ok(())
    }

    fn assign(&mut self, work: &mut Work<'_>, assignment: &Assignment) -> Result<(), Stop> {
        self.must_be_open()?;
        let assignee = resolve(work, assignment, "")?;
        if assignee == self.conversation().assignee {
            return Ok(());
        }
        let previous = holder(self.conversation().assignee.as_ref());
        let current = holder(assignee.as_ref());
        self.edit().assignee = assignee;
        // Else only what is known of the user is another.
        if previous != current {
            let data = Data::new()
                .with("previous", &previous)
                .with("current", &current);
            self.tell("assignment.changed", data);
        }
        Ok(())
    }

    fn tag(&mut self, tag: &str) -> Result<(), Stop> {
        self.must_be_open()?;
        let tags = &self.conversation().tags;
        if tags.iter().any(|known| known == tag) {
            return Ok(());
        }
        if tags.len() == TAGS_MAX {
            let detail = format!("the conversation has {TAGS_MAX} tags; take one off first");
            return Err(Rejection::Full { detail }.into());
        }
        self.edit().tags.push(tag.to_owned());
        self.tell("tag.added", Data::new().with("tag", &tag));
        Ok(())
    }

    fn untag(&mut self, tag: &str) -> Result<(), Stop> {
        self.must_be_open()?;
        if self.conversation().tags.iter().any(|known| known == tag) {
            self.edit().tags.retain(|known| known != tag);
            self.tell("tag.removed", Data::new().with("tag", &tag));
        }
        Ok(())
    }

    fn rate(&mut self, rating: &Rating) {
        if self.conversation().rating.as_ref() != Some(rating) {
            self.edit().rating = Some(rating.clone());
            self.tell("conversation.rated", Data::new().with("rating", rating));
        }
    }

    fn request_handoff(&mut self, handoff: &Handoff) -> Result<(), Stop> {
        self.must_be_open()?;
        if self.conversation().handoff.as_ref() != Some(handoff) {
            self.edit().handoff = Some(handoff.clone());
            self.tell("handoff.requested", data_of(handoff));
        }
        Ok(())
    }

    fn accept_handoff(&mut self) -> Result<(), Stop> {
        self.must_be_open()?;
        match self.conversation().handoff.clone() {
            Some(handoff) if handoff.is_accepted => Ok(()),
            Some(handoff) => {
                self.tell("handoff.accepted", data_of(&handoff));
                self.edit().handoff = Some(Handoff {
                    is_accepted: true,
                    ..handoff
                });
                Ok(())
            }
            None => Err(Rejection::State {
                kind: Kind::Conversation,
                state: "not waiting for a person",
                action: "be taken over",
            }
            .into()),
        }
    }
}

fn data_of(handoff: &Handoff) -> Data {
    Data::new().with("handoff", &json!({ "reason": handoff.reason }))
}

fn holder(assignee: Option<&Assignee>) -> serde_json::Value {
    let user_id = assignee.and_then(|assignee| assignee.user_id.as_deref());
    let team_id = assignee.and_then(|assignee| assignee.team_id.as_deref());
    json!({ "userId": user_id, "teamId": team_id })
}

/// The assignee that is meant. Ids of Tidings' own form must name a user and a team that are here;
/// others are the caller's own. `place` is where the assignment stands in the request.
pub(super) fn resolve(
    work: &mut Work<'_>,
    assignment: &Assignment,
    place: &str,
) -> Result<Option<Assignee>, Stop> {
    if *assignment == Assignment::default() {
        return Ok(None);
    }
    if let Some(team) = own_id::<ResourceId>(assignment.team_id.as_deref()) {
        let kind = Kind::Resource(ResourceKind::Team);
        work.refer::<Resource>(kind, team.0, &format!("{place}/teamId"))?;
    }
    let user = match own_id::<UserId>(assignment.user_id.as_deref()) {
        Some(id) => Some(work.refer::<User>(Kind::User, id.0, &format!("{place}/userId"))?),
        None => None,
    };
    Ok(Some(Assignee {
        user_id: assignment.user_id.clone(),
        team_id: assignment.team_id.clone(),
        email: user.map(|user| user.email),
    }))
}

fn own_id<I: std::str::FromStr>(text: Option<&str>) -> Option<I> {
    text?.parse().ok()
}
