//! Replays: read what comes next, then owe it, in bounded steps and behind live traffic.
//!
//! A step is planned on a reader and committed by the writer, which takes it only if the replay still
//! stands where the plan began. So no event is owed twice within one replay and none is skipped,
//! whatever ends in between.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};
use tidings_core::clock::Timestamp;
use tidings_core::delivery::{DiscardReason, OrderKey};
use tidings_core::event::Outgoing;
use tidings_core::id::{EventId, ReplayId, WebhookId};
use tidings_core::replay::{PENDING_MAX, Replay, Selection, Status, room};
use tidings_core::webhook::{Ordering, Webhook};

use super::claiming::parked_keys;
use super::group::Commit;
use super::job::Job;
use super::late::{Shelf, Waiting};
use super::past::{Past, Stretch};
use super::places::Place;
use super::{Engine, events, replays};
use crate::change::Refusal;
use crate::directory::Directory;
use crate::error::StoreError;
use crate::query::ReplayRecord;
use crate::sql::statement;
use crate::store::Replayed;

/// How many replays one round looks at.
const ROUND_REPLAYS_MAX: usize = 64;
/// Past how many due deliveries of a webhook a replay waits, without asking which can be sent.
const DUE_ROWS_MAX: usize = 1_000;

/// What a round found to do.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// One step of each replay that can go on.
    pub(super) steps: Vec<Step>,
    /// How many replays were looked at.
    pub(super) looked_at: usize,
    /// Where the next round goes on; `None`: at the beginning.
    pub(super) next: Option<WebhookId>,
}

/// One step of a replay.
#[derive(Debug)]
pub(super) struct Step {
    replay: ReplayId,
    webhook_id: WebhookId,
    does: Does,
}

#[derive(Debug)]
enum Does {
    /// Owes these events and moves on.
    Owe {
        from: EventId,
        to: EventId,
        events: Vec<Arc<Outgoing>>,
    },
    /// Everything is settled.
    End,
}

/// Plans one step for each of the next replays.
pub(super) fn plan(
    snapshot: &Connection,
    directory: &Directory,
    places: &Waiting<Place>,
    after: Option<WebhookId>,
    now: Timestamp,
) -> rusqlite::Result<Round> {
    // Before the snapshot is taken: where a discard was written out since, the snapshot shows that, and an
    // old mark says nothing wrong.
    let discards = directory.discards();
    let recent = places.look(snapshot, Shelf::recent)?;
    let mut running = snapshot.prepare_cached(statement("running_replays"))?;
    let from = after.map_or(0, |id| id.0);
    let replays: Vec<Replay> = running
        .query_map(params![from, ROUND_REPLAYS_MAX as i64], replays::replay_of)?
        .collect::<Result<_, _>>()?;
    let mut steps = Vec::new();
    for replay in &replays {
        let Some(webhook) = directory.webhook(replay.webhook_id) else {
            continue;
        };
        let planner = Planner {
            past: Past {
                snapshot,
                directory,
                webhook: &webhook,
                discarded_through: discards.get(&webhook.id).copied().unwrap_or_default(),
                recent: &recent,
            },
            now,
        };
        let does = planner.next(replay)?;
        steps.extend(does.map(|does| Step {
            replay: replay.id,
            webhook_id: webhook.id,
            does,
        }));
    }
    let is_full = replays.len() == ROUND_REPLAYS_MAX;
    let last = replays.last().map(|replay| replay.webhook_id);
    Ok(Round {
        steps,
        looked_at: replays.len(),
        next: last.filter(|_| is_full),
    })
}

struct Planner<'a> {
    past: Past<'a>,
    now: Timestamp,
}

impl Planner<'_> {
    fn next(&self, replay: &Replay) -> rusqlite::Result<Option<Does>> {
        let Past {
            snapshot,
            directory,
            webhook,
            discarded_through,
            ..
        } = self.past;
        let pending = replays::pending(snapshot, replay.id, discarded_through)?.len();
        if replay.has_looked_at_all() {
            return Ok((pending == 0).then_some(Does::End));
        }
        if directory.hold(webhook).is_some() {
            return Ok(None);
        }
        let room = room(webhook.settings.max_in_flight, self.due()?);
        let room = room.min(PENDING_MAX.saturating_sub(pending));
        if room == 0 {
            return Ok(None);
        }
        let stretch = Stretch {
            after: replay.position,
            through: replay.through,
        };
        let found = self.past.find(&replay.selection, stretch, room)?;
        let mut events = Vec::with_capacity(found.events.len());
        for id in found.events {
            if let Some(event) = events::event(snapshot, id)? {
                events.push(Arc::new(Outgoing::new(event)));
            }
        }
        Ok(Some(Does::Owe {
            from: replay.position,
            to: found.through,
            events,
        }))
    }

    /// How many deliveries of the webhook can be sent at once. In an ordered lane, what follows a
    /// head that waits for its retry cannot.
    fn due(&self) -> rusqlite::Result<usize> {
        let webhook = self.past.webhook;
        let snapshot = self.past.snapshot;
        let mut due = snapshot.prepare_cached(statement("replay_due"))?;
        let (now, discarded) = (self.now, self.past.discarded_through);
        let values = params![webhook.id.0, now.as_ms(), discarded, DUE_ROWS_MAX as i64];
        let keys: Vec<Option<OrderKey>> = due
            .query_map(values, |row| {
                Ok(row.get::<_, Option<i64>>(0)?.map(OrderKey))
            })?
            .collect::<Result<_, _>>()?;
        let is_unordered = webhook.settings.ordering == Ordering::None;
        if is_unordered || keys.len() == DUE_ROWS_MAX {
            return Ok(keys.len());
        }
        let parked = parked_keys(snapshot, webhook.id, now, discarded..i64::MAX)?;
        let can_go = |key: &&Option<OrderKey>| key.is_none_or(|key| !parked.contains_key(&key));
        Ok(keys.iter().filter(can_go).count())
    }
}

impl Engine {
    pub(crate) async fn count_past(
        &self,
        webhook: &Arc<Webhook>,
        selection: &Selection,
        through: EventId,
    ) -> Result<i64, StoreError> {
        let mut count = 0;
        let mut after = selection.begins_after();
        while after < through {
            let (webhook, selection) = (webhook.clone(), selection.clone());
            let (directory, places) = (self.directory.clone(), self.places.clone());
            let found = self
                .readers
                .read(move |snapshot| {
                    let discarded_through = directory.health(webhook.id).discarded_through;
                    let past = Past {
                        snapshot,
                        directory: &directory,
                        webhook: &webhook,
                        discarded_through,
                        recent: &places.look(snapshot, Shelf::recent)?,
                    };
                    let stretch = Stretch { after, through };
                    past.find(&selection, stretch, usize::MAX)
                })
                .await?;
            count += found.events.len() as i64;
            after = found.through;
        }
        Ok(count)
    }

    pub(crate) async fn replay(&self, id: ReplayId) -> Result<Option<ReplayRecord>, StoreError> {
        let directory = self.directory.clone();
        self.readers
            .read(move |connection| replays::record(connection, &directory, id))
            .await
    }

    /// Plans a step of each of the next replays and takes it.
    pub(crate) async fn replay_on(&self, after: Option<WebhookId>) -> Result<Replayed, StoreError> {
        let (directory, places) = (self.directory.clone(), self.places.clone());
        let now = self.clock.now();
        let round = self
            .readers
            .read(move |snapshot| plan(snapshot, &directory, &places, after, now))
            .await?;
        let replayed = Replayed {
            looked_at: round.looked_at,
            moved: round.steps.len(),
            next: round.next,
        };
        if !round.steps.is_empty() {
            self.ask(|reply| Job::Replay(round.steps, reply)).await?;
        }
        Ok(replayed)
    }
}

impl Commit<'_> {
    pub(super) fn start_replay(
        &mut self,
        replay: &Replay,
    ) -> rusqlite::Result<Result<(), Refusal>> {
        if self.tables.webhook(replay.webhook_id).is_none() {
            return Ok(Err(Refusal::NotFound));
        }
        let running: Option<i64> = self
            .transaction
            .prepare_cached(statement("replay_of_webhook"))?
            .query_row([replay.webhook_id.0], |row| row.get(0))
            .optional()?;
        if let Some(id) = running {
            return Ok(Err(Refusal::ReplayRunning(ReplayId(id))));
        }
        self.execute(
            "insert_replay",
            params![
                replay.id.0,
                replay.organization_id.0,
                replay.webhook_id.0,
                replays::text_of(&replay.selection),
                replay.through.0,
                replay.position.0,
                replay.count,
                replay.created_at.as_ms(),
            ],
        )?;
        self.staged.replays = true;
        Ok(Ok(()))
    }

    /// Calls a replay off; what it owes and is not settled is dropped.
    pub(super) fn cancel_replay(&mut self, id: ReplayId) -> rusqlite::Result<Result<(), Refusal>> {
        // What a webhook leaves behind is gone already.
        let found = replays::load(&self.transaction, id)?;
        let Some(replay) = found.filter(|one| self.tables.webhook(one.webhook_id).is_some()) else {
            return Ok(Err(Refusal::NotFound));
        };
        let now = self.now.as_ms();
        let canceled = Status::Canceled.as_str();
        if self.execute("end_replay", params![id.0, canceled, now])? == 0 {
            // It had ended by itself.
            return Ok(Ok(()));
        }
        let discarded_through = self.health(replay.webhook_id).discarded_through;
        let reason = DiscardReason::Requested.as_str();
        for delivery in replays::pending(&self.transaction, id, discarded_through)? {
            self.execute("discard_delivery", params![delivery.0, reason, now])?;
            self.health(replay.webhook_id).pending -= 1;
            let touched = (replay.webhook_id, delivery);
            self.staged.committed.touched.push(touched);
        }
        Ok(Ok(()))
    }

    /// Takes the steps; those of replays that have gone on or ended since they were planned do nothing.
    pub(super) fn replay(&mut self, steps: &[Step]) -> rusqlite::Result<()> {
        for step in steps {
            match &step.does {
                Does::Owe { from, to, events } => {
                    let moved = params![step.replay.0, from.0, to.0, events.len() as i64];
                    if self.execute("move_replay", moved)? > 0 {
                        self.owe_again(step, events)?;
                    }
                }
                Does::End => {
                    let (completed, now) = (Status::Completed.as_str(), self.now.as_ms());
                    self.execute("end_replay", params![step.replay.0, completed, now])?;
                }
            }
        }
        Ok(())
    }

    fn owe_again(&mut self, step: &Step, events: &[Arc<Outgoing>]) -> rusqlite::Result<()> {
        for event in events {
            // Erased or pruned since the plan: there is nothing to send.
            let is_there = self
                .transaction
                .prepare_cached(statement("has_data"))?
                .exists([event.event.id.0])?;
            if is_there {
                self.owe_to(step.webhook_id, event, Some(step.replay))?;
            }
        }
        Ok(())
    }
}
