//! Where past events stand with one webhook, in the order of their commit.
//!
//! A publish owes an event right after storing it, before the next event gets its id. So what it owed
//! a webhook is found between two events among all of that webhook's, without an index on events there.
//! What a replay owes comes later, and has an index of its own.

use std::collections::{BTreeSet, HashMap};

use rusqlite::{Connection, OptionalExtension, Row, params};
use tidings_core::delivery::State;
use tidings_core::id::{EventId, OrganizationId, WebhookId};
use tidings_core::replay::{Selection, Standing, Which};
use tidings_core::subscription::Wish;
use tidings_core::webhook::Webhook;
use tidings_core::webhook::deaf::deaf_to;
use tidings_events::EventFacts;

use super::paging::{Bounds, merge, page};
use super::places::{self, Owner, Recent};
use super::reading::{MERGED_MAX, unreadable};
use crate::directory::Directory;
use crate::query::Page;
use crate::sql::statement;

/// How many events one look goes over.
const LOOKED_AT_EVENTS_MAX: usize = 1_000;
/// How many of each organization, when there are many.
const LOOKED_AT_EVENTS_MIN: usize = 20;

/// The past of one webhook.
pub(super) struct Past<'a> {
    pub(super) snapshot: &'a Connection,
    pub(super) directory: &'a Directory,
    pub(super) webhook: &'a Webhook,
    /// What of it fell to a discard of everything that is still being written out; read before the
    /// snapshot is taken.
    pub(super) discarded_through: i64,
    /// What of its events and deliveries is not in place.
    pub(super) recent: &'a Recent,
}

/// A stretch of it: what was committed after one event and up to another.
#[derive(Clone, Copy)]
pub(super) struct Stretch {
    pub(super) after: EventId,
    pub(super) through: EventId,
}

/// What a look at a stretch found.
pub(super) struct Found {
    /// The events that are wanted, oldest first.
    pub(super) events: Vec<EventId>,
    /// Everything up to here was looked at.
    pub(super) through: EventId,
}

/// A past event, as far as it takes to judge it.
struct Candidate {
    id: EventId,
    organization_id: OrganizationId,
    kind: String,
    /// Empty where the dialect's names do not depend on it.
    data: String,
    /// The webhook that does not hear it, where that matters: what was owed once is heard.
    deaf: Option<WebhookId>,
    standing: Standing,
}

impl Past<'_> {
    /// The first events of a stretch that `selection` wants, at most `limit`; one bounded look.
    pub(super) fn find(
        &self,
        selection: &Selection,
        stretch: Stretch,
        limit: usize,
    ) -> rusqlite::Result<Found> {
        let (candidates, mut through) = match selection.which {
            Which::Failed => self.failed(stretch)?,
            Which::Missed | Which::All => self.all(stretch)?,
        };
        let wish = Wish::of(self.webhook);
        let narrowed = Wish::new(
            self.webhook.organization_id,
            self.webhook.dialect,
            selection.events.as_deref(),
            true,
        );
        let mut chains: HashMap<OrganizationId, Vec<OrganizationId>> = HashMap::new();
        let mut events = Vec::new();
        for candidate in candidates {
            let own = candidate.organization_id;
            let chain = chains
                .entry(own)
                .or_insert_with(|| self.directory.chain(own));
            let facts = EventFacts {
                kind: &candidate.kind,
                data: &candidate.data,
            };
            let is_deaf = candidate.deaf == Some(self.webhook.id);
            let is_heard = !is_deaf && wish.hears(chain, &facts).is_ok();
            let is_meant = narrowed.hears(chain, &facts).is_ok();
            if !is_meant || !selection.which.wants(candidate.standing, is_heard) {
                continue;
            }
            events.push(candidate.id);
            if events.len() == limit {
                through = candidate.id;
                break;
            }
        }
        Ok(Found { events, through })
    }

    /// What was given up and not sent again since, found by its own index.
    fn failed(&self, stretch: Stretch) -> rusqlite::Result<(Vec<Candidate>, EventId)> {
        let Stretch { after, through } = stretch;
        let mut failed = self.snapshot.prepare_cached(statement("failed_between"))?;
        let mut last_replayed = self.snapshot.prepare_cached(statement("last_replayed"))?;
        let webhook = self.webhook.id.0;
        let mut rows = failed.query(params![webhook, after.0, through.0, self.needs_data()])?;
        let (mut candidates, mut looked_at) = (Vec::new(), 0);
        let mut last = after;
        while let Some(row) = rows.next()? {
            let (event_id, delivery_id) = (EventId(row.get(0)?), row.get::<_, i64>(1)?);
            // Several of one event are never torn apart.
            if looked_at >= LOOKED_AT_EVENTS_MAX && event_id != last {
                return Ok((candidates, last));
            }
            (last, looked_at) = (event_id, looked_at + 1);
            let newest: Option<i64> =
                last_replayed.query_row(params![event_id.0, webhook], |row| row.get(0))?;
            if newest.is_none_or(|newest| newest == delivery_id) {
                candidates.push(Candidate {
                    id: event_id,
                    organization_id: OrganizationId(row.get(2)?),
                    kind: row.get(3)?,
                    data: row.get(4)?,
                    deaf: None,
                    standing: Standing::Exhausted,
                });
            }
        }
        Ok((candidates, through))
    }

    /// Every event within reach, and how it stands.
    fn all(&self, stretch: Stretch) -> rusqlite::Result<(Vec<Candidate>, EventId)> {
        let page = self.page(stretch)?;
        let through = page.next().map_or(stretch.through, EventId);
        let standings = self.standings(Stretch { through, ..stretch })?;
        let mut candidates = page.rows;
        for candidate in &mut candidates {
            if let Some(standing) = standings.get(&candidate.id) {
                candidate.standing = *standing;
            }
        }
        Ok((candidates, through))
    }

    fn page(&self, stretch: Stretch) -> rusqlite::Result<Page<Candidate>> {
        let Stretch { after, through } = stretch;
        let needs_data = self.needs_data();
        let organizations: BTreeSet<OrganizationId> =
            self.directory.subtree(self.webhook.organization_id);
        if organizations.len() > MERGED_MAX {
            let bounds = Bounds::whole(LOOKED_AT_EVENTS_MAX);
            let values = params![after.0, through.0, needs_data];
            let name = "past_events_everywhere";
            let wanted = |row: &Candidate| organizations.contains(&row.organization_id);
            return page(self.snapshot, name, values, bounds, candidate_of, wanted);
        }
        let each = (LOOKED_AT_EVENTS_MAX / organizations.len().max(1)).max(LOOKED_AT_EVENTS_MIN);
        let bounds = Bounds::share(each, organizations.len());
        let load = |key| {
            let mut load = self.snapshot.prepare_cached(statement("past_event"))?;
            let found = load.query_row(params![key, needs_data], candidate_of);
            found.optional()
        };
        let pages = organizations.iter().map(|id| {
            let stretch = places::Stretch {
                owner: Owner::from(*id),
                keys: after.0 + 1..through.0 + 1,
                newest_first: false,
            };
            let recent = self.recent;
            recent.page(self.snapshot, &stretch, bounds, load, |_| true)
        });
        merge(pages, LOOKED_AT_EVENTS_MAX, false, |row| row.id.0)
    }

    /// How the events of a stretch stand that were owed at all.
    fn standings(&self, stretch: Stretch) -> rusqlite::Result<HashMap<EventId, Standing>> {
        let Stretch { after, through } = stretch;
        let webhook = self.webhook.id;
        let next = next_event(self.snapshot, through)?.map_or(i64::MAX, |next| next.0);
        let mut newest: HashMap<EventId, (i64, Standing)> = HashMap::new();
        let mut note = |(event, id, standing)| {
            let known = newest.entry(event).or_insert((id, standing));
            if id > known.0 {
                *known = (id, standing);
            }
        };
        let read = |row: &Row<'_>| {
            let (event, id) = (EventId(row.get(0)?), row.get(1)?);
            let standing = standing_of(row, 2, id <= self.discarded_through)?;
            Ok((event, id, standing))
        };
        let load = |key| {
            let name = statement("owed_by_publishing");
            let mut load = self.snapshot.prepare_cached(name)?;
            load.query_row([key], read).optional()
        };
        let stretch = places::Stretch {
            owner: Owner::from(webhook),
            keys: after.0 + 1..next,
            newest_first: false,
        };
        let owed = self.recent;
        let owed = owed.page(self.snapshot, &stretch, Bounds::none(), load, |_| true)?;
        owed.rows.into_iter().for_each(&mut note);
        let mut replayed = self
            .snapshot
            .prepare_cached(statement("replayed_between"))?;
        for found in replayed.query_map(params![after.0, through.0, webhook.0], read)? {
            note(found?);
        }
        let standings = newest.into_iter();
        Ok(standings
            .map(|(id, (_, standing))| (id, standing))
            .collect())
    }

    fn needs_data(&self) -> bool {
        self.webhook.dialect.names_depend_on_data()
    }
}

/// The event committed next after `id`, of whatever organization.
pub(super) fn next_event(snapshot: &Connection, id: EventId) -> rusqlite::Result<Option<EventId>> {
    let mut next = snapshot.prepare_cached(statement("next_event"))?;
    let found: Option<Option<i64>> = next.query_row([id.0], |row| row.get(0)).optional()?;
    Ok(found.flatten().map(EventId))
}

fn candidate_of(row: &Row<'_>) -> rusqlite::Result<Candidate> {
    let kind: String = row.get(2)?;
    let ordering_key = row.get_ref(4)?.as_str_or_null()?;
    let actor = row.get_ref(5)?.as_str_or_null()?;
    let deaf = deaf_to(&kind, ordering_key, actor).map(|(webhook, _)| webhook);
    Ok(Candidate {
        id: EventId(row.get(0)?),
        organization_id: OrganizationId(row.get(1)?),
        kind,
        data: row.get(3)?,
        deaf,
        standing: Standing::Unowed,
    })
}

/// What a delivery's state means for its event; `fell` tells of a discard of everything.
fn standing_of(row: &Row<'_>, column: usize, fell: bool) -> rusqlite::Result<Standing> {
    let state: String = row.get(column)?;
    let state = State::parse(&state).ok_or_else(|| unreadable(column, "an unknown state"))?;
    Ok(match state {
        State::Pending if fell => Standing::Discarded,
        State::Pending => Standing::Pending,
        State::Succeeded => Standing::Succeeded,
        State::Exhausted => Standing::Exhausted,
        State::Discarded => Standing::Discarded,
    })
}
