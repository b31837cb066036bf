//! The clocks of one conversation.
//!
//! They are part of its record, so they start, stop and fire in the commit of what they follow, and a
//! restart finds them where they were. A conversation that wakes late fires what was due, in order.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::matching::{Scope, best};
use super::{Metric, Policy, Target};
use crate::clock::Timestamp;
use crate::command::Work;
use crate::id::SlaPolicyId;
use crate::record::ReadFailed;

/// The clocks of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Timers {
    running: Vec<Timer>,
    /// Whether a customer of it was ever answered.
    is_answered: bool,
}

/// A clock that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Timer {
    metric: Metric,
    started_at: Timestamp,
    /// What it runs towards; `None` while no policy promises anything.
    promise: Option<Promise>,
    warned_at: Option<Timestamp>,
    breached_at: Option<Timestamp>,
}

/// When a policy's promise falls due; `None` for what never does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Promise {
    policy_id: SlaPolicyId,
    warn_at: Option<Timestamp>,
    breach_at: Option<Timestamp>,
}

/// What is to be told of a clock.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The type of the event.
    pub kind: &'static str,
    /// Its `sla` object.
    pub sla: Value,
}

impl Timers {
    /// Of a conversation whose customer was answered; none runs.
    pub(crate) fn of_answered() -> Self {
        Self {
            running: Vec::new(),
            is_answered: true,
        }
    }

    /// The conversation began.
    pub fn begin(&mut self, work: &mut Work<'_>, scope: Scope<'_>) -> Result<(), ReadFailed> {
        self.start(work, scope, Metric::Resolution)
    }

    /// The customer wrote: who waits for an answer already goes on waiting.
    pub fn hear(&mut self, work: &mut Work<'_>, scope: Scope<'_>) -> Result<(), ReadFailed> {
        if !self.is_answered {
            self.start(work, scope, Metric::FirstReply)?;
        }
        self.start(work, scope, Metric::EveryReply)
    }

    /// A person of the organization wrote to the customer.
    pub fn answer(&mut self, now: Timestamp) -> Vec<Told> {
        let is_reply = |metric| matches!(metric, Metric::FirstReply | Metric::EveryReply);
        self.is_answered |= self.running.iter().any(|timer| is_reply(timer.metric));
        self.stop(now, is_reply)
    }

    /// The conversation was settled, or closed. Nobody waits for an answer any more, which is no answer
    /// kept.
    pub fn settle(&mut self, now: Timestamp) -> Vec<Told> {
        let told = self.stop(now, |metric| metric == Metric::Resolution);
        self.running.clear();
        told
    }

    /// Another team has the conversation: clocks that have not warned follow the policy that is theirs
    /// now, from when they started.
    pub fn rematch(&mut self, work: &mut Work<'_>, scope: Scope<'_>) -> Result<(), ReadFailed> {
        for timer in &mut self.running {
            if timer.warned_at.is_some() || timer.breached_at.is_some() {
                continue;
            }
            let current = timer.promise.as_ref().map(|promise| promise.policy_id);
            let found = best(work, scope, timer.metric, timer.started_at, current)?;
            if found.as_ref().map(|(policy, _)| policy.id) != current {
                timer.promise =
                    found.map(|(policy, target)| Promise::of(&policy, target, timer.started_at));
            }
        }
        Ok(())
    }

    /// Notes what fell due by `now`, the earliest first.
    pub fn fire(&mut self, now: Timestamp) -> Vec<Told> {
        let mut told = Vec::new();
        while let Some((_, place)) = self.next().filter(|(at, _)| *at <= now) {
            told.push(self.running[place].fall_due(now));
        }
        told
    }

    /// When something falls due next.
    pub fn wake_at(&self) -> Option<Timestamp> {
        self.next().map(|(at, _)| at)
    }

    fn next(&self) -> Option<(Timestamp, usize)> {
        let due = self.running.iter().enumerate();
        due.filter_map(|(place, timer)| Some((timer.due_at()?, place)))
            .min()
    }

    fn start(
        &mut self,
        work: &mut Work<'_>,
        scope: Scope<'_>,
        metric: Metric,
    ) -> Result<(), ReadFailed> {
        if self.running.iter().any(|timer| timer.metric == metric) {
            return Ok(());
        }
        let started_at = work.context.now;
        let found = best(work, scope, metric, started_at, None)?;
        self.running.push(Timer {
            metric,
            started_at,
            promise: found.map(|(policy, target)| Promise::of(&policy, target, started_at)),
            warned_at: None,
            breached_at: None,
        });
        Ok(())
    }

    /// Stops the clocks of the chosen metrics: those in time have kept their promise.
    fn stop(&mut self, now: Timestamp, is_chosen: impl Fn(Metric) -> bool) -> Vec<Told> {
        let mut told = self.fire(now);
        let chosen = |timer: &Timer| is_chosen(timer.metric);
        let stopped = self.running.iter().filter(|timer| chosen(timer));
        told.extend(
            stopped
                .filter(|timer| timer.breached_at.is_none())
                .filter_map(|timer| timer.told("sla.met")),
        );
        self.running.retain(|timer| !chosen(timer));
        told
    }
}

impl Timer {
    fn due_at(&self) -> Option<Timestamp> {
        let promise = self.promise.as_ref()?;
        if self.breached_at.is_some() {
            return None;
        }
        match self.warned_at {
            None => promise.warn_at,
            Some(_) => promise.breach_at,
        }
    }

    fn fall_due(&mut self, now: Timestamp) -> Told {
        let kind = if self.warned_at.is_none() {
            self.warned_at = Some(now);
            "sla.warning"
        } else {
            self.breached_at = Some(now);
            "sla.breached"
        };
        self.told(kind).expect("what falls due was promised")
    }

    fn told(&self, kind: &'static str) -> Option<Told> {
        let promise = self.promise.as_ref()?;
        let sla = json!({
            "policyId": promise.policy_id,
            "metric": self.metric,
            "dueAt": promise.breach_at,
            "warnedAt": self.warned_at,
            "breachedAt": self.breached_at,
        });
        Some(Told { kind, sla })
    }
}

impl Promise {
    fn of(policy: &Policy, target: Target, start: Timestamp) -> Self {
        Self {
            policy_id: policy.id,
            warn_at: policy.after(start, target.warn_after_seconds),
            breach_at: policy.after(start, target.breach_after_seconds),
        }
    }
}
