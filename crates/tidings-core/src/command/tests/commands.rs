//! Commands at random, about records of any organization.

use std::time::Duration;

use serde_json::{Value, json};

use super::stories::{World, body_read};
use crate::call::{self, Beginning, Ending, Tag};
use crate::clock::{GivenTime, Timestamp};
use crate::command::Command;
use crate::contact;
use crate::conversation::{self, Act, Opening};
use crate::id::{
    CallId, ContactId, ConversationId, DraftId, MessageId, ResourceId, SlaPolicyId, UserId,
};
use crate::message::{self, Inbound, Mark, Post};
use crate::record::{Kind, ResourceKind};
use crate::reply_draft;
use crate::resource;
use crate::sla;
use crate::user;

impl World {
    /// Anything that may be asked for, sensible or not.
    pub(super) fn command(&mut self) -> Command {
        match self.dice.roll(28) {
            0..=4 => self.inbound(),
            5 => self.open(),
            6 => self.contact(),
            7 => {
                let id = DraftId(self.any(Kind::Draft));
                if self.dice.hits(2) {
                    reply_draft::Command::Approve { id }.into()
                } else {
                    reply_draft::Command::Reject { id }.into()
                }
            }
            8 | 9 => self.on_message(),
            10 => self.begin_call(),
            11 | 12 => self.on_call(),
            13 => self.user(),
            14..=16 => self.resource(),
            17 => self.policy(),
            _ => {
                let id = ConversationId(self.any(Kind::Conversation));
                let act = self.act();
                conversation::Command::Act { id, act }.into()
            }
        }
    }

    fn inbound(&mut self) -> Command {
        let person = self.word(&["ada", "ben", "cleo"]);
        let mut body = json!({
            "channelType": self.word(&["webchat", "email", "sms"]),
            "threadId": self.word(&["t1", "t2", "t3", "t4"]),
            "from": { "id": person },
            "text": self.word(&["Hello", "Are you there?", ""]),
        });
        if self.dice.hits(3) {
            body["externalId"] = self.word(&["m1", "m2", "m3"]).into();
        }
        if self.dice.hits(3) {
            body["from"]["email"] = format!("{person}@okafor.example").into();
        }
        if self.dice.hits(4) {
            body["attribution"] = json!({ "source": self.word(&["ad", "mail"]) });
        }
        message::Command::Receive(Box::new(body_read(&body, Inbound::read))).into()
    }

    fn open(&mut self) -> Command {
        let mut body = json!({
            "externalReference": self.word(&["o1", "o2", "o3", "o4", "o5"]),
            "contact": { "email": self.word(&["ada@okafor.example", "dan@ito.example"]) },
            "subject": "Your order",
        });
        if self.dice.hits(2) {
            body["message"] = "It is on its way".into();
        }
        if self.dice.hits(2) {
            body["threadId"] = self.word(&["t1", "t2"]).into();
        }
        let opening = body_read(&body, Opening::read_outbound);
        conversation::Command::Open(Box::new(opening)).into()
    }

    fn contact(&mut self) -> Command {
        let id = ContactId(self.any(Kind::Contact));
        match self.dice.roll(5) {
            0 => contact::Command::Delete {
                id,
                erase: self.dice.hits(2),
            },
            2 => {
                let identity =
                    json!({ "channelType": "sms", "externalId": self.word(&["+1", "+2"]) });
                let body = json!({ "name": "Dan", "phone": "+1", "identities": [identity] });
                contact::Command::Create(body_read(&body, contact::Draft::read))
            }
            1 => {
                let into = ContactId(self.any(Kind::Contact));
                contact::Command::Merge { id, into }
            }
            _ => contact::Command::Patch {
                id,
                if_match: None,
                draft: body_read(
                    &json!({
                        "name": self.word(&["Ada", "Ben"]),
                        "customFields": { "tier": self.dice.roll(3) },
                    }),
                    contact::Draft::read,
                ),
            },
        }
        .into()
    }

    fn begin_call(&mut self) -> Command {
        let mut body = json!({
            "direction": self.word(&["inbound", "outbound"]),
            "from": self.word(&["+1", "+2"]), "to": self.word(&["100", "+1"]),
        });
        if self.dice.hits(4) {
            let id = ContactId(self.any(Kind::Contact));
            body["contactId"] = id.to_string().into();
        }
        if self.dice.hits(4) {
            let id = ConversationId(self.any(Kind::Conversation));
            body["conversationId"] = id.to_string().into();
        }
        call::Command::Begin(Box::new(body_read(&body, Beginning::read))).into()
    }

    fn on_call(&mut self) -> Command {
        let id = CallId(self.any(Kind::Call));
        let disposition = self.word(&["completed", "abandoned"]);
        let kind = self.word(&["booked", "spam"]);
        let act = match self.dice.roll(3) {
            0 => call::Act::Answer,
            1 => call::Act::End(body_read(
                &json!({ "disposition": disposition }),
                Ending::read,
            )),
            _ => call::Act::Tag(body_read(&json!({ "type": kind }), Tag::read)),
        };
        call::Command::Act { id, act }.into()
    }

    fn user(&mut self) -> Command {
        let id = UserId(self.any(Kind::User));
        let email = self.word(&["noor@bikes.example", "kim@bikes.example"]);
        let draft = body_read(
            &json!({ "name": "Noor", "email": email }),
            user::Draft::read,
        );
        let channel = ResourceId(self.any(Kind::Resource(ResourceKind::Channel)));
        let channel_id = self.word(&["inbox", &channel.to_string()]);
        let act = match self.dice.roll(9) {
            0 => {
                let invite = self.dice.hits(2);
                return user::Command::Create { draft, invite }.into();
            }
            1 => return user::Command::Delete { id }.into(),
            2 => {
                let if_match = None;
                return user::Command::Patch {
                    id,
                    if_match,
                    draft,
                }
                .into();
            }
            3 => user::Act::Accept,
            4 => user::Act::LogIn,
            5 => user::Act::LogOut,
            6 => user::Act::Err {
                message: "locked out".into(),
            },
            7 => user::Act::Subscribe { channel_id },
            _ => user::Act::Unsubscribe { channel_id },
        };
        user::Command::Act { id, act }.into()
    }

    fn resource(&mut self) -> Command {
        let kinds = ResourceKind::ALL;
        let kind = kinds[self.dice.roll(kinds.len() as u64) as usize];
        let id = ResourceId(self.any(Kind::Resource(kind)));
        let body = json!({
            "name": self.word(&["Front desk", "Workshop"]),
            "hours": self.dice.roll(3),
            "note": if self.dice.hits(2) { Value::Null } else { "open".into() },
        });
        match self.dice.roll(6) {
            0..=2 => resource::Command::Create {
                kind,
                members: body_read(&body, |body| resource::draft::read_new(kind, body)),
            },
            3 => resource::Command::Delete { kind, id },
            4 => resource::Command::Fail {
                id: ResourceId(self.any(Kind::Resource(ResourceKind::Service))),
                message: "out of order".into(),
            },
            _ => resource::Command::Patch {
                kind,
                id,
                if_match: None,
                members: body_read(&body, |body| resource::draft::read_patch(kind, body)),
            },
        }
        .into()
    }

    fn policy(&mut self) -> Command {
        let id = SlaPolicyId(self.any(Kind::SlaPolicy));
        let target = json!({ "warnAfterSeconds": 600, "breachAfterSeconds": 1_200 });
        let metric = self.word(&["firstReply", "everyReply", "resolution"]);
        let team = self.word(&["support", "sales"]);
        let body =
            json!({ "name": "some", "match": { "teamId": team }, "metrics": { metric: target } });
        let draft = body_read(&body, sla::Draft::read);
        match self.dice.roll(4) {
            0 | 1 => sla::Command::Create(draft),
            2 => sla::Command::Delete { id },
            _ => sla::Command::Patch {
                id,
                if_match: None,
                draft,
            },
        }
        .into()
    }

    fn on_message(&mut self) -> Command {
        let id = MessageId(self.any(Kind::Message));
        let mark = match self.dice.roll(5) {
            0 => return message::Command::Delete { id }.into(),
            1 => {
                let body = json!({ "text": self.word(&["Hello!", "Bye"]) });
                let patch = body_read(&body, message::Patch::read);
                let if_match = None;
                return message::Command::Patch {
                    id,
                    if_match,
                    patch,
                }
                .into();
            }
            2 => Mark::Delivered,
            3 => Mark::Read,
            _ => Mark::Failed("the mailbox is full".into()),
        };
        message::Command::Mark { id, mark }.into()
    }

    // tidy: a table
    fn act(&mut self) -> Act {
        match self.dice.roll(18) {
            0 => Act::Resolve,
            1 => Act::Reopen,
            2 => Act::Close,
            3 => Act::Snooze {
                until: self.later(),
            },
            4 => Act::Wake,
            5 => Act::Merge {
                into: ConversationId(self.any(Kind::Conversation)),
            },
            6 if self.dice.hits(4) => Act::Delete,
            7 | 8 => Act::Tag(self.word(&["vip", "order", "late"])),
            9 => Act::Untag(self.word(&["vip", "order", "late"])),
            10 => Act::Rate(body_read(
                &json!({ "score": self.dice.roll(5) }),
                conversation::read_rating,
            )),
            11 => Act::RequestHandoff(body_read(
                &json!({ "reason": self.word(&["angry", "asked"]) }),
                conversation::read_handoff,
            )),
            12 => Act::AcceptHandoff,
            13 => Act::Propose(message::Body::of_text("We are on it".into())),
            14 => {
                let user = UserId(self.any(Kind::User)).to_string();
                let team = ResourceId(self.any(Kind::Resource(ResourceKind::Team))).to_string();
                let body = json!({
                    "userId": self.word(&["noor", &user]),
                    "teamId": self.word(&["support", "sales", &team]),
                });
                Act::Assign(body_read(&body, conversation::Assignment::read))
            }
            15 => Act::Patch {
                if_match: None,
                patch: Box::new(body_read(
                    &json!({
                        "priority": self.word(&["low", "urgent"]),
                        "customFields": { "a": self.dice.roll(3) },
                    }),
                    conversation::Patch::read,
                )),
            },
            _ => {
                let body = json!({
                    "direction": self.word(&["outbound", "internal"]),
                    "type": self.word(&["chat", "card", "status"]),
                    "text": "Hello",
                });
                Act::Post(Box::new(body_read(&body, Post::read)))
            }
        }
    }

    fn later(&mut self) -> GivenTime {
        let ahead = Duration::from_secs(1 + self.dice.roll(7_200));
        let at: Timestamp = self.memory.context.now.plus(ahead);
        GivenTime::parse(&at.to_string()).unwrap()
    }

    /// A key of this kind, of any organization; one that never was, when there is none.
    fn any(&mut self, kind: Kind) -> i64 {
        let keys: Vec<i64> = self
            .memory
            .rows
            .keys()
            .filter(|(of, _)| *of == kind)
            .map(|(_, key)| *key)
            .collect();
        match keys.len() {
            0 => 999_999,
            // The newest most of the time: something goes on there.
            count if self.dice.hits(2) => keys[count - 1],
            count => keys[self.dice.roll(count as u64) as usize],
        }
    }

    fn word(&mut self, words: &[&str]) -> String {
        words[self.dice.roll(words.len() as u64) as usize].to_owned()
    }
}
