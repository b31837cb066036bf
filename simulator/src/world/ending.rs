//! How a story ends: everyone is well, and all that is owed must arrive.

use std::time::Duration;

use tidings_core::clock::Clock as _;
use tidings_core::id::WebhookId;
use tidings_store::change::Backlog;

use super::{Deed, World};
use crate::endpoint::Mood;

/// How long what is owed may take to arrive once every endpoint is well, the time by which the clock was
/// set back not counted. Wishes, waits and distances of probes are shorter.
const HEALING_MAX: Duration = Duration::from_mins(30);
/// How long nothing happens at least when nothing is under way …
const LULL_MIN: Duration = Duration::from_secs(1);
/// … and at most.
const LULL_MAX: Duration = Duration::from_mins(1);

impl World<'_> {
    pub(crate) async fn end_well(&mut self) {
        self.say("all is well");
        self.is_mortal = false;
        for mood in self.moods.values_mut() {
            *mood = Mood::Well;
        }
        for id in self.organizations.clone() {
            if !self.is_on(id) {
                self.switch(id, true).await;
            }
        }
        let ids: Vec<_> = self.moods.keys().copied().collect();
        let healed = self.clock.now().plus(HEALING_MAX + self.set_back);
        loop {
            self.resume_all(&ids).await;
            let mut passed = Duration::ZERO;
            if self.flights.is_empty() && self.answers.is_empty() {
                self.commit(Deed::Tidy).await;
                if self.is_all_settled(&ids).await {
                    break;
                }
                passed = self.wait();
            }
            let now = self.clock.now();
            assert!(now < healed, "something never arrived");
            self.hear();
            self.pump().await;
            self.bring_home().await;
            self.check(passed);
        }
    }

    /// Outcomes on their way may disable a webhook still.
    async fn resume_all(&mut self, ids: &[WebhookId]) {
        for id in ids {
            if self.is_held(*id) {
                self.resume_with(*id, Backlog::Deliver).await;
            }
        }
    }

    async fn is_all_settled(&mut self, ids: &[WebhookId]) -> bool {
        let replayed = self.store().replay_on(None).await.unwrap();
        if replayed.moved > 0 {
            self.agree().await;
        }
        let directory = self.store().directory();
        let is_owed = ids.iter().any(|id| directory.health(*id).pending > 0);
        !is_owed && replayed.looked_at == 0
    }

    /// Until the lanes want to be asked again.
    fn wait(&mut self) -> Duration {
        let next = self.dispatch.next_wake();
        let lull = next.map_or(LULL_MIN, |next| next.since(self.clock.now()));
        let lull = lull.clamp(LULL_MIN, LULL_MAX);
        self.clock.advance(lull);
        lull
    }

    /// Every read is answered and every attempt ends. Whether the store agrees is seen when it is quiet.
    async fn bring_home(&mut self) {
        for answered in std::mem::take(&mut self.answers) {
            self.hear_answer(answered);
        }
        let flights = std::mem::take(&mut self.flights);
        let landed = flights.values().map(|flight| self.outcome(flight));
        let landed = landed.collect();
        self.carry_out(Deed::Settle(landed)).await;
    }
}
