//! Service levels: what an organization promises about its answers, and whether it keeps it
//! (contract §7).
//!
//! A policy says which conversations it is for, what it promises of them, and in which hours its clock
//! runs. The clocks of a conversation are its [`Timers`], which live within it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::id::SlaPolicyId;
use crate::record::{Kind, Record, key_and_version};

mod command;
pub mod draft;
mod matching;
pub mod schedule;
mod timer;

pub use command::{Command, POLICIES_MAX};
pub use draft::Draft;
pub use matching::Scope;
pub use schedule::Schedule;
pub use timer::{Timers, Told};

/// The mark of every policy.
const EVERY: &str = "policy";

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Metric {
    /// How long a customer waits for the first reply of a conversation.
    FirstReply,
    /// How long a customer waits for any reply.
    EveryReply,
    /// How long it takes until the conversation is settled.
    Resolution,
}

/// What is promised of one metric, in seconds of opening hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// After how many `sla.warning` is fired.
    pub warn_after_seconds: u32,
    /// After how many `sla.breached` is fired.
    pub breach_after_seconds: u32,
}

/// Which conversations a policy is for; what it is silent about may be anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Match {
    /// Those of this team.
    pub team_id: Option<String>,
    /// Those by this kind of channel.
    pub channel_type: Option<String>,
}

/// What a policy promises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metrics {
    /// See [`Metric::FirstReply`].
    pub first_reply: Option<Target>,
    /// See [`Metric::EveryReply`].
    pub every_reply: Option<Target>,
    /// See [`Metric::Resolution`].
    pub resolution: Option<Target>,
}

/// A promise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// Its id.
    pub id: SlaPolicyId,
    /// What people call it.
    pub name: String,
    /// Which conversations it is for.
    pub matches: Match,
    /// What it promises.
    pub metrics: Metrics,
    /// In which hours; `None`: always.
    pub schedule: Option<Schedule>,
    /// Grows by one with each change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last saved.
    pub updated_at: Timestamp,
}

impl Record for Policy {
    fn kind(&self) -> Kind {
        Kind::SlaPolicy
    }

    key_and_version!();

    fn updated_at(&self) -> Timestamp {
        self.updated_at
    }

    fn marks(&self) -> Vec<String> {
        vec![EVERY.to_owned(), self.matches.mark()]
    }
}

impl Match {
    /// The mark of all policies for the same conversations: a list in JSON, so that no two read alike.
    fn mark(&self) -> String {
        json!([self.team_id, self.channel_type]).to_string()
    }
}

impl Metrics {
    /// What is promised of `metric`.
    pub fn target(&self, metric: Metric) -> Option<Target> {
        match metric {
            Metric::FirstReply => self.first_reply,
            Metric::EveryReply => self.every_reply,
            Metric::Resolution => self.resolution,
        }
    }
}

impl Policy {
    /// The instant `seconds` of the policy's hours after `start`; `None`: never.
    fn after(&self, start: Timestamp, seconds: u32) -> Option<Timestamp> {
        match &self.schedule {
            Some(schedule) => schedule.add_open_seconds(start, seconds),
            None => Some(start.plus(std::time::Duration::from_secs(seconds.into()))),
        }
    }

    /// The object the API answers.
    pub fn shown(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "match": self.matches,
            "metrics": self.metrics,
            "schedule": self.schedule,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            "version": self.version,
        })
    }
}

#[cfg(test)]
mod tests;
