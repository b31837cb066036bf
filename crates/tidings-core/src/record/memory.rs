//! Records in memory, for tests: commands are decided and carried out one after another.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{After, Kind, Progress, ReadFailed, Records, Stored, Words};
use crate::clock::Timestamp;
use crate::command::{Change, Command, Context, Rejection, decide};
use crate::id::OrganizationId;

/// The records of a few organizations, and what happened to them.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) context: Context,
    pub(crate) rows: BTreeMap<(Kind, i64), Row>,
    last_key: i64,
    /// Every event so far: its type and its data.
    pub(crate) log: Vec<(String, Value)>,
}

/// What is kept under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    Kept { stored: Stored, words: Words },
    Forwarded(i64),
}

impl Row {
    /// Whether it is a record of `organization` of which `has` is true.
    fn is(&self, organization: OrganizationId, has: impl FnOnce(&Words) -> bool) -> bool {
        match self {
            Self::Kept { stored, words } => stored.organization_id == organization && has(words),
            Self::Forwarded(_) => false,
        }
    }
}

impl Memory {
    /// No records, at the first instant of 2026.
    pub(crate) fn new() -> Self {
        Self {
            context: Context {
                organization_id: OrganizationId(1),
                now: Timestamp::parse("2026-01-01T00:00:00Z").unwrap(),
                actor: r#"{"type":"api_key","id":"key_1","name":null}"#.into(),
                traceparent: None,
                auto_close_done_after_seconds: None,
            },
            rows: BTreeMap::new(),
            last_key: 0,
            log: Vec::new(),
        }
    }

    /// Carries a command out, and answers what its caller is answered.
    pub(crate) fn run(&mut self, command: impl Into<Command>) -> Result<Value, Rejection> {
        let change = self.decide(&command.into())?;
        Ok(self.apply(change))
    }

    /// The types of all events since the last time this was asked.
    pub(crate) fn fired(&mut self) -> String {
        let types: Vec<String> = self.log.drain(..).map(|(kind, _)| kind).collect();
        types.join(" ")
    }

    pub(crate) fn decide(&mut self, command: &Command) -> Result<Change, Rejection> {
        let context = self.context.clone();
        decide(command, &context, self).expect("memory can be read")
    }

    /// Carries a change out, and answers what its caller is answered.
    pub(crate) fn apply(&mut self, change: Change) -> Value {
        for written in change.written {
            let place = (written.kind, written.key);
            let before = match self.rows.get(&place) {
                Some(Row::Kept { words, .. }) => Some(words),
                Some(Row::Forwarded(_)) | None => None,
            };
            let keeps_words = matches!(written.after, After::Advanced(_));
            assert_eq!(
                before.filter(|_| !keeps_words),
                written.before.as_ref(),
                "{place:?}"
            );
            match written.after {
                After::Gone => drop(self.rows.remove(&place)),
                After::Forwarded(survivor) => {
                    self.rows.insert(place, Row::Forwarded(survivor));
                }
                After::Advanced(reached) => self.advance(place, reached),
                After::Kept {
                    document,
                    words,
                    progress,
                    ..
                } => {
                    let stored = Stored {
                        organization_id: self.context.organization_id,
                        key: written.key,
                        document,
                        progress,
                    };
                    self.rows.insert(place, Row::Kept { stored, words });
                }
            }
        }
        self.no_key_is_shared();
        for event in change.events {
            let data = serde_json::from_str(&event.content.data).unwrap();
            self.log.push((event.content.kind, data));
        }
        serde_json::from_str(&change.reply.into_text()).unwrap_or_default()
    }

    fn advance(&mut self, place: (Kind, i64), reached: Progress) {
        match self.rows.get_mut(&place) {
            Some(Row::Kept { stored, .. }) => stored.progress = Some(reached),
            Some(Row::Forwarded(_)) | None => panic!("{place:?} is not there"),
        }
    }

    fn no_key_is_shared(&self) {
        let mut holders = BTreeMap::new();
        for ((kind, key), row) in &self.rows {
            let Row::Kept { stored, words } = row else {
                continue;
            };
            for word in &words.keys {
                let other = holders.insert((stored.organization_id, kind, word), key);
                assert_eq!(other, None, "{word} of {kind:?}");
            }
        }
    }
}

impl Records for Memory {
    fn load(&mut self, kind: Kind, key: i64) -> Result<Option<Stored>, ReadFailed> {
        match self.rows.get(&(kind, key)) {
            Some(Row::Forwarded(survivor)) => {
                let survivor = *survivor;
                self.load(kind, survivor)
            }
            Some(Row::Kept { stored, .. }) => Ok(Some(stored.clone())),
            None => Ok(None),
        }
    }

    fn find(
        &mut self,
        organization: OrganizationId,
        kind: Kind,
        word: &str,
    ) -> Result<Option<Stored>, ReadFailed> {
        let has = |words: &Words| words.keys.iter().any(|key| key == word);
        let found = self
            .rows
            .iter()
            .find(|((of, _), row)| *of == kind && row.is(organization, has));
        let key = found.map(|((_, key), _)| *key);
        key.map_or(Ok(None), |key| self.load(kind, key))
    }

    fn marked(
        &mut self,
        organization: OrganizationId,
        kind: Kind,
        mark: &str,
        limit: usize,
    ) -> Result<Vec<i64>, ReadFailed> {
        let has = |words: &Words| words.marks.iter().any(|word| word == mark);
        let found = self
            .rows
            .iter()
            .filter(|((of, _), row)| *of == kind && row.is(organization, has));
        Ok(found.map(|((_, key), _)| *key).take(limit).collect())
    }

    fn next_key(&mut self) -> i64 {
        self.last_key += 1;
        self.last_key
    }
}
