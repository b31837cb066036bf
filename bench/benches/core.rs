//! What the conversation core costs in a commit, before any IO: a customer's message, decided.

use std::collections::HashMap;
use std::hint::black_box;

use criterion::Criterion;
use tidings_core::clock::Timestamp;
use tidings_core::command::{Change, Command, Context, SYSTEM_ACTOR, decide};
use tidings_core::contact::{Identity, Person};
use tidings_core::id::{IdSource, OrganizationId};
use tidings_core::message::{self, Draft, Inbound};
use tidings_core::record::{After, Kind, ReadFailed, Records, Stored};

const ORGANIZATION: OrganizationId = OrganizationId(1);
/// 2026-01-01T00:00:00Z.
const NOW: Timestamp = Timestamp::from_ms(1_767_225_600_000);
/// Size of what a message says.
const TEXT_BYTES: usize = 900;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    receive(&mut criterion);
    criterion.final_summary();
}

/// A message on a thread that is there, by a contact that is known.
fn receive(criterion: &mut Criterion) {
    let mut memory = Memory::default();
    memory.keep(memory.decided(&inbound("first")));
    let next = inbound("next");
    criterion.bench_function("receive", |bencher| {
        bencher.iter(|| memory.decided(black_box(&next)));
    });
}

fn inbound(name: &str) -> Command {
    let channel_type = "webchat".to_owned();
    let identity = Identity {
        channel_type: channel_type.clone(),
        external_id: "p-00000001".into(),
    };
    let inbound = Inbound {
        channel_type,
        thread_id: "c-00000001".into(),
        from: Person {
            identity,
            ..Person::default()
        },
        draft: Draft {
            external_id: Some(name.into()),
            ..Draft::of_text("x".repeat(TEXT_BYTES))
        },
        attribution: None,
    };
    Command::Message(message::Command::Receive(Box::new(inbound)))
}

/// Records as a store has them, without its engine.
#[derive(Default)]
struct Memory {
    stored: HashMap<(Kind, i64), Stored>,
    keys: HashMap<(Kind, String), i64>,
    last_key: i64,
}

impl Memory {
    fn decided(&self, command: &Command) -> Change {
        let context = Context {
            organization_id: ORGANIZATION,
            now: NOW,
            actor: SYSTEM_ACTOR.to_owned(),
            traceparent: None,
            auto_close_done_after_seconds: None,
        };
        let mut reading = Reading {
            memory: self,
            made: IdSource::of_records_after(self.last_key),
        };
        let decided = decide(command, &context, &mut reading).expect("memory can be read");
        decided.expect("a customer may write")
    }

    fn keep(&mut self, change: Change) {
        for written in change.written {
            let (kind, key) = (written.kind, written.key);
            let After::Kept {
                document,
                words,
                progress,
                ..
            } = written.after
            else {
                continue;
            };
            self.last_key = self.last_key.max(key);
            let words = words.keys.into_iter().map(|word| ((kind, word), key));
            self.keys.extend(words);
            let stored = Stored {
                organization_id: ORGANIZATION,
                key,
                document,
                progress,
            };
            self.stored.insert((kind, key), stored);
        }
    }
}

/// What one command reads.
struct Reading<'m> {
    memory: &'m Memory,
    made: IdSource,
}

impl Records for Reading<'_> {
    fn load(&mut self, kind: Kind, key: i64) -> Result<Option<Stored>, ReadFailed> {
        Ok(self.memory.stored.get(&(kind, key)).cloned())
    }

    fn find(
        &mut self,
        _organization: OrganizationId,
        kind: Kind,
        word: &str,
    ) -> Result<Option<Stored>, ReadFailed> {
        let key = self.memory.keys.get(&(kind, word.to_owned()));
        Ok(key.and_then(|key| self.memory.stored.get(&(kind, *key)).cloned()))
    }

    fn marked(
        &mut self,
        _organization: OrganizationId,
        _kind: Kind,
        _mark: &str,
        _limit: usize,
    ) -> Result<Vec<i64>, ReadFailed> {
        Ok(Vec::new())
    }

    fn next_key(&mut self) -> i64 {
        self.made.next(NOW)
    }
}
