//! Random stories over several organizations: any command, in any state, with ids of any of them.

use std::time::Duration;

use serde_json::{Map, Value, json};
use tidings_events::{Dialect, event_type};

use super::replay::Replay;
use crate::call::{self, Beginning, Call, Ending, Tag};
use crate::clock::{GivenTime, Timestamp};
use crate::command::{Change, Command};
use crate::contact::{self, Contact};
use crate::conversation::{self, Act, Conversation, Opening};
use crate::dice::Dice;
use crate::event::{DATA_BYTES_MAX, Event, NewEvent, Numbering, OccurredAt, Outgoing};
use crate::id::{
    CallId, ContactId, ConversationId, DraftId, EventId, MessageId, OrganizationId, UserId,
};
use crate::input::{Faults, Object};
use crate::message::{self, Inbound, Mark, Message, Post};
use crate::record::Kind;
use crate::record::memory::{Memory, Row};
use crate::reply_draft::{self, ReplyDraft};
use crate::sla;
use crate::user::{self, User};

/// How many stories a run tells.
const STORIES: u64 = 12;
const STEPS: usize = 300;
const ORGANIZATIONS: u64 = 3;

struct World {
    dice: Dice,
    memory: Memory,
    replay: Replay,
    events: i64,
}

#[test]
fn every_story_can_be_told_from_its_events() {
    for seed in 0..STORIES {
        let mut world = World {
            dice: Dice(seed),
            memory: Memory::new(),
            replay: Replay::default(),
            events: 0,
        };
        world.memory.context.auto_close_done_after_seconds = Some(3_600);
        world.promise();
        for _ in 0..STEPS {
            world.step();
        }
        let (told, kept) = (&world.replay.records, world.kept());
        for place in told.keys().chain(kept.keys()) {
            assert_eq!(told.get(place), kept.get(place), "{place:?}, seed {seed}");
        }
        assert!(
            world.events > STEPS as i64 / 3,
            "too little happened: seed {seed}"
        );
    }
}

impl World {
    /// Lets clocks run in one of the organizations.
    fn promise(&mut self) {
        let target = json!({ "warnAfterSeconds": 900, "breachAfterSeconds": 1_800 });
        let metrics = json!({ "everyReply": target, "resolution": target });
        let draft = body_read(
            &json!({ "name": "soon", "metrics": metrics }),
            sla::Draft::read,
        );
        self.memory.run(sla::Command::Create(draft)).unwrap();
    }

    fn step(&mut self) {
        let pause = self.dice.roll(1_200);
        let context = &mut self.memory.context;
        context.now = context.now.plus(Duration::from_secs(pause));
        context.organization_id = OrganizationId(1 + self.dice.roll(ORGANIZATIONS) as i64);
        let command = self.command();
        let before = self.memory.rows.clone();
        match self.memory.decide(&command) {
            Ok(change) => self.hear(change),
            Err(_) => assert_eq!(self.memory.rows, before, "{command:?}"),
        }
    }

    fn hear(&mut self, change: Change) {
        let organization = self.memory.context.organization_id;
        for event in &change.events {
            self.replay.hear(organization, event);
            self.is_sound(event);
        }
        self.memory.apply(change);
    }

    /// The event is as the catalogue says, and each dialect that carries it makes JSON of it.
    fn is_sound(&mut self, event: &NewEvent) {
        let kind = &event.content.kind;
        let data: Value = serde_json::from_str(&event.content.data).unwrap();
        assert_eq!(event_type(kind).unwrap().check(&data), [], "{kind}: {data}");
        assert!(event.content.data.len() <= DATA_BYTES_MAX);
        self.events += 1;
        let now = self.memory.context.now;
        let event = Outgoing::new(Event {
            id: EventId(self.events),
            organization_id: self.memory.context.organization_id,
            created_at: now,
            sequence: match event.numbering {
                Numbering::Given(number) => Some(number),
                _ => None,
            },
            occurred_at: OccurredAt::Made(now),
            content: event.content.clone(),
        });
        for dialect in Dialect::ALL {
            if event.name_in(dialect).is_some() {
                let body = event.body(dialect, "https://tidings.example", self.events);
                let shown = serde_json::from_slice::<Value>(&body);
                assert!(shown.is_ok(), "{dialect}: {event:?}");
            }
        }
    }

    /// The objects of the records that are kept.
    fn kept(
        &self,
    ) -> std::collections::BTreeMap<(OrganizationId, String, String), Map<String, Value>> {
        let mut kept = std::collections::BTreeMap::new();
        for ((kind, _), row) in &self.memory.rows {
            let Row::Kept {
                organization,
                document,
                ..
            } = row
            else {
                continue;
            };
            let object = match kind {
                Kind::Call => json!(read::<Call>(document).object()),
                Kind::User => json!(read::<User>(document).object()),
                Kind::Contact => json!(read::<Contact>(document).object()),
                Kind::Conversation => json!(read::<Conversation>(document).object()),
                Kind::Message => json!(read::<Message>(document).object()),
                Kind::Draft => json!(read::<ReplyDraft>(document).object()),
                _ => continue,
            };
            let id = object["id"].as_str().unwrap().to_owned();
            let place = (*organization, kind.as_str().to_owned(), id);
            kept.insert(place, object.as_object().unwrap().clone());
        }
        kept
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

    fn command(&mut self) -> Command {
        match self.dice.roll(24) {
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
        match self.dice.roll(4) {
            0 => contact::Command::Delete { id, erase: false },
            1 => {
                let into = ContactId(self.any(Kind::Contact));
                contact::Command::Merge { id, into }
            }
            _ => contact::Command::Patch {
                id,
                if_match: None,
                draft: body_read(
                    &json!({ "name": self.word(&["Ada", "Ben"]) }),
                    contact::Draft::read,
                ),
            },
        }
        .into()
    }

    fn begin_call(&mut self) -> Command {
        let mut body = json!({
            "direction": "inbound", "from": self.word(&["+1", "+2"]), "to": "100",
        });
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
        let channel_id = self.word(&["inbox", "desk"]);
        let act = match self.dice.roll(6) {
            0 => {
                let invite = self.dice.hits(2);
                return user::Command::Create { draft, invite }.into();
            }
            1 => return user::Command::Delete { id }.into(),
            2 => user::Act::Accept,
            3 => user::Act::LogIn,
            4 => user::Act::Subscribe { channel_id },
            _ => user::Act::Unsubscribe { channel_id },
        };
        user::Command::Act { id, act }.into()
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
                let body = json!({ "userId": self.word(&["noor", "kim"]) });
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
}

fn read<R: serde::de::DeserializeOwned>(document: &str) -> R {
    serde_json::from_str(document).unwrap()
}

/// Reads a sound body as the API does.
pub(super) fn body_read<T>(body: &Value, read: impl FnOnce(&mut Object<'_, '_>) -> T) -> T {
    let mut faults = Faults::new();
    let mut object = Object::root(body, &mut faults);
    let found = read(&mut object);
    object.finish();
    faults.or(found).unwrap()
}
