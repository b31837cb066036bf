//! Random stories over several organizations: any command, in any state, with ids of any of them.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

use jsonschema::Validator;
use serde_json::{Value, json};
use tidings_events::{Dialect, event_type};

use super::replay::{Records, Replay};
use crate::call::Call;
use crate::command::Change;
use crate::contact::Contact;
use crate::conversation::Conversation;
use crate::dice::Dice;
use crate::event::{DATA_BYTES_MAX, Event, NewEvent, Numbering, OccurredAt, Outgoing};
use crate::id::{EventId, OrganizationId};
use crate::input::{Faults, Object};
use crate::message::Message;
use crate::record::memory::{Memory, Row};
use crate::record::{Kind, Record, ResourceKind, Stored};
use crate::reply_draft::ReplyDraft;
use crate::resource::Resource;
use crate::sla;
use crate::user::User;

/// How many stories a run tells.
const STORIES: u64 = 12;
const STEPS: usize = 300;
const ORGANIZATIONS: u64 = 3;

pub(super) struct World {
    pub(super) dice: Dice,
    pub(super) memory: Memory,
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

    /// The event is as the catalogue says, and as each dialect that carries it documents.
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
            if let Some(name) = event.name_in(dialect) {
                let body = event.body(dialect, "https://tidings.example", self.events);
                let shown: Value = serde_json::from_slice(&body).unwrap();
                let verdict = schema(dialect, &name).validate(&shown);
                assert!(verdict.is_ok(), "{dialect} {name}: {verdict:?} {shown}");
            }
        }
    }

    /// The objects of the records that are kept.
    fn kept(&self) -> Records {
        let mut kept = Records::new();
        for ((kind, _), row) in &self.memory.rows {
            let Row::Kept { stored, .. } = row else {
                continue;
            };
            let object = match kind {
                Kind::Call => json!(read::<Call>(stored).object()),
                Kind::User => json!(read::<User>(stored).object()),
                Kind::Contact => json!(read::<Contact>(stored).object()),
                Kind::Conversation => json!(read::<Conversation>(stored).object()),
                Kind::Message => json!(read::<Message>(stored).object()),
                Kind::Draft => json!(read::<ReplyDraft>(stored).object()),
                // Nobody is told of these.
                Kind::Resource(ResourceKind::Team)
                | Kind::Import
                | Kind::RemovedMessage
                | Kind::SlaPolicy => continue,
                Kind::Resource(_) => json!(read::<Resource>(stored).object()),
            };
            let id = object["id"].as_str().unwrap().to_owned();
            let place = (stored.organization_id, kind.as_str().to_owned(), id);
            kept.insert(place, object.as_object().unwrap().clone());
        }
        kept
    }
}

/// The documented schema of a body.
fn schema(dialect: Dialect, name: &str) -> &'static Validator {
    static COMPILED: LazyLock<HashMap<(Dialect, String), Validator>> = LazyLock::new(|| {
        let events = Dialect::ALL.into_iter().flat_map(Dialect::events);
        let compiled = events.map(|event| {
            let schema = jsonschema::validator_for(&event.body_schema());
            ((event.dialect, event.name.to_owned()), schema.unwrap())
        });
        compiled.collect()
    });
    &COMPILED[&(dialect, name.to_owned())]
}

fn read<R: Record>(stored: &Stored) -> R {
    stored.read().unwrap()
}

/// Reads a sound body as the API does.
pub(super) fn body_read<T>(body: &Value, read: impl FnOnce(&mut Object<'_, '_>) -> T) -> T {
    let mut faults = Faults::new();
    let mut object = Object::root(body, &mut faults);
    let found = read(&mut object);
    object.finish();
    faults.or(found).unwrap()
}
