//! Random stories against a naive model: what each delivery is, and that the counters agree.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tidings_core::delivery::Next;
use tidings_core::id::{DeliveryId, OrganizationId, WebhookId};
use tidings_core::webhook::Activity;
use tidings_store::change::{Backlog, Change, Refusal};
use tidings_store::query::Status;

use crate::bench::{Bench, Place, SECOND, settlement};

#[derive(Clone, Debug)]
enum Step {
    Publish(usize),
    /// An outcome for a delivery chosen by number; sometimes told twice.
    Settle(usize, Outcome, bool),
    Pause(usize),
    Resume(usize, Backlog),
    RetryByHand(usize),
    DiscardByHand(usize),
    Prune,
    Delete(usize),
    Reopen,
}

#[derive(Clone, Copy, Debug)]
enum Outcome {
    Success,
    Retry,
    Exhausted,
    Gone,
}

fn step() -> impl Strategy<Value = Step> {
    let outcome = prop_oneof![
        2 => Just(Outcome::Success),
        2 => Just(Outcome::Retry),
        4 => Just(Outcome::Exhausted),
        1 => Just(Outcome::Gone),
    ];
    let number = 0..40usize;
    prop_oneof![
        4 => (1..4usize).prop_map(Step::Publish),
        10 => (number.clone(), outcome, any::<bool>())
            .prop_map(|(which, outcome, twice)| Step::Settle(which, outcome, twice)),
        1 => (0..3usize).prop_map(Step::Pause),
        3 => (0..3usize, any::<bool>()).prop_map(|(which, discard)| {
            Step::Resume(which, if discard { Backlog::Discard } else { Backlog::Deliver })
        }),
        3 => number.clone().prop_map(Step::RetryByHand),
        2 => number.prop_map(Step::DiscardByHand),
        2 => Just(Step::Prune),
        1 => (0..12usize).prop_map(Step::Delete),
        1 => Just(Step::Reopen),
    ]
}

/// What a webhook is owed, row by row, the simple way.
#[derive(Default)]
struct Hook {
    disable_after: usize,
    held: bool,
    rows: BTreeMap<DeliveryId, Row>,
    streak: Vec<DeliveryId>,
    last_success: Option<i64>,
    /// Set while a discard of everything is not written out.
    discarding: Option<DeliveryId>,
}

#[derive(Clone)]
struct Row {
    status: Status,
    first_attempt: Option<i64>,
}

impl Hook {
    fn settle(&mut self, id: DeliveryId, outcome: Outcome, first: i64, now: i64) {
        let row = self.rows.get_mut(&id).unwrap();
        let owed = row.status == Status::Pending;
        if matches!(outcome, Outcome::Success) {
            self.last_success = Some(now);
            self.streak.clear();
        }
        if owed {
            row.first_attempt = Some(first);
            match outcome {
                Outcome::Success => row.status = Status::Succeeded,
                Outcome::Exhausted => row.status = Status::Exhausted,
                Outcome::Retry | Outcome::Gone => {}
            }
        }
        match outcome {
            Outcome::Gone => self.held = true,
            Outcome::Exhausted if owed => self.count(id, first),
            _ => {}
        }
    }

    fn count(&mut self, id: DeliveryId, first: i64) {
        let succeeded_since = self.last_success.is_some_and(|at| at >= first);
        if self.disable_after == 0 || succeeded_since {
            return;
        }
        self.streak.push(id);
        if self.streak.len() >= self.disable_after {
            self.held = true;
            for id in std::mem::take(&mut self.streak) {
                let fell = self.discarding.is_some_and(|last| id <= last);
                let row = self.rows.get_mut(&id).unwrap();
                if row.status == Status::Exhausted && !fell {
                    row.status = Status::Pending;
                }
            }
        }
    }

    fn shown(&self) -> Vec<(DeliveryId, Status)> {
        let seen = |row: &Row| match row.status {
            Status::Pending if self.held => Status::Held,
            status => status,
        };
        self.rows.iter().map(|(id, row)| (*id, seen(row))).collect()
    }
}

struct Story<P> {
    bench: Bench<P>,
    organization: OrganizationId,
    hooks: BTreeMap<WebhookId, Hook>,
}

impl<P: Place> Story<P> {
    async fn begin() -> Self {
        let bench = Bench::<P>::open();
        let organization = bench.organization(None).await;
        let mut hooks = BTreeMap::new();
        for disable_after in [0, 1, 3] {
            let id = bench.webhook_with(organization, |webhook| {
                webhook.settings.disable_after = disable_after;
                // Not what is told of the others.
                webhook.settings.events = Some(vec!["message.received".to_owned()]);
            });
            let hook = Hook {
                disable_after: disable_after as usize,
                ..Hook::default()
            };
            hooks.insert(id.await, hook);
        }
        Self {
            bench,
            organization,
            hooks,
        }
    }

    fn delivery(&self, number: usize) -> Option<(WebhookId, DeliveryId)> {
        let all: Vec<_> = self
            .hooks
            .iter()
            .flat_map(|(hook, model)| model.rows.keys().map(|id| (*hook, *id)))
            .collect();
        (!all.is_empty()).then(|| all[number % all.len()])
    }

    fn hook(&self, number: usize) -> Option<WebhookId> {
        self.hooks.keys().nth(number).copied()
    }

    async fn step(mut self, step: &Step) -> Self {
        self.bench.clock.advance(SECOND);
        match step {
            Step::Publish(count) => self.publish(*count).await,
            Step::Settle(number, outcome, twice) => self.settle(*number, *outcome, *twice).await,
            Step::Pause(number) => {
                if let Some(id) = self.hook(*number) {
                    self.bench.pause(id).await;
                    self.hooks.get_mut(&id).unwrap().held = true;
                }
            }
            Step::Resume(number, backlog) => self.resume(*number, *backlog).await,
            Step::RetryByHand(number) => self.retry(*number).await,
            Step::DiscardByHand(number) => self.discard(*number).await,
            Step::Prune => {
                self.bench.prune(crate::bench::START).await;
                for model in self.hooks.values_mut() {
                    model.discarding = None;
                }
            }
            Step::Delete(number) => {
                if let Some(id) = self.hook(*number) {
                    self.bench.change(Change::DeleteWebhook(id)).await.unwrap();
                    self.hooks.remove(&id);
                }
            }
            Step::Reopen => self.bench = self.bench.reopen().await,
        }
        self
    }

    async fn publish(&mut self, count: usize) {
        self.bench
            .messages(self.organization, &vec!["a"; count])
            .await;
        for (id, model) in &mut self.hooks {
            for id in self.bench.delivery_ids(*id).await {
                model.rows.entry(id).or_insert(Row {
                    status: Status::Pending,
                    first_attempt: None,
                });
            }
        }
    }

    async fn settle(&mut self, number: usize, outcome: Outcome, twice: bool) {
        let Some((hook, id)) = self.delivery(number) else {
            return;
        };
        let now = tidings_core::clock::Clock::now(&*self.bench.clock);
        let next = match outcome {
            Outcome::Success => Next::Succeeded,
            Outcome::Retry => self.bench.retry_in(SECOND, 1),
            Outcome::Exhausted => Next::Exhausted,
            Outcome::Gone => Next::Gone,
        };
        let mut settled = settlement(&self.bench.row(id).await, next, now);
        let model = self.hooks.get_mut(&hook).unwrap();
        let first = model.rows[&id].first_attempt.unwrap_or(now.as_ms());
        settled.first_attempt_at = tidings_core::clock::Timestamp::from_ms(first);
        model.settle(id, outcome, first, now.as_ms());
        for _ in 0..=usize::from(twice) {
            let settled = [settled.clone()];
            self.bench.store.settle(settled.into()).await.unwrap();
        }
    }

    async fn resume(&mut self, number: usize, backlog: Backlog) {
        let Some(id) = self.hook(number) else { return };
        let through = DeliveryId(self.bench.store.next_key());
        self.bench.resume(id, backlog).await;
        let model = self.hooks.get_mut(&id).unwrap();
        model.held = false;
        if backlog == Backlog::Discard {
            model.discarding = Some(through);
            let owed = model.rows.values_mut();
            for row in owed.filter(|row| row.status == Status::Pending) {
                row.status = Status::Discarded;
            }
        }
    }

    async fn retry(&mut self, number: usize) {
        let Some((hook, id)) = self.delivery(number) else {
            return;
        };
        let answer = self.bench.change(Change::RetryDelivery(id)).await;
        let model = self.hooks.get_mut(&hook).unwrap();
        let fell = model.discarding.is_some_and(|last| id <= last);
        let row = model.rows.get_mut(&id).unwrap();
        let expected = match row.status {
            _ if fell => Err(Refusal::Discarding),
            Status::Pending => Err(Refusal::NotSettled),
            _ => Ok(()),
        };
        assert_eq!(answer, expected);
        if answer.is_ok() {
            row.status = Status::Pending;
        }
    }

    async fn discard(&mut self, number: usize) {
        let Some((hook, id)) = self.delivery(number) else {
            return;
        };
        let answer = self.bench.change(Change::DiscardDelivery(id)).await;
        let row = self.hooks.get_mut(&hook).unwrap().rows.get_mut(&id);
        let row = row.unwrap();
        let owed = row.status == Status::Pending;
        assert_eq!(answer, if owed { Ok(()) } else { Err(Refusal::Settled) });
        if owed {
            row.status = Status::Discarded;
        }
    }

    async fn check(&self) {
        for (id, model) in &self.hooks {
            let rows = self.bench.deliveries(*id).await;
            let shown: Vec<_> = rows.iter().map(|row| (row.id, row.status)).collect();
            assert_eq!(shown, model.shown());
            let unsettled = |status: &Status| matches!(status, Status::Pending | Status::Held);
            let owed = shown.iter().filter(|(_, status)| unsettled(status)).count();
            assert_eq!(self.bench.pending(*id), owed as i64);
            let webhook = self.bench.store.directory().webhook(*id).unwrap();
            let active = matches!(webhook.activity, Activity::Active);
            assert_eq!(active && !webhook.settings.is_paused, !model.held);
        }
    }
}

pub(crate) async fn counters_match_a_naive_model<P: Place>() {
    let stories = proptest::collection::vec(step(), 1..60);
    let runtime = tokio::runtime::Handle::current();
    let config = Config {
        cases: 96,
        failure_persistence: None,
        ..Config::default()
    };
    tokio::task::block_in_place(|| {
        TestRunner::new(config)
            .run(&stories, |steps| {
                runtime.block_on(async {
                    let mut story = Story::<P>::begin().await;
                    for step in &steps {
                        story = story.step(step).await;
                        story.check().await;
                    }
                });
                Ok(())
            })
            .unwrap();
    });
}
