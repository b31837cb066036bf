//! One story's world: a store in a folder of its own, the lanes over it, endpoints with moods, and what
//! is on its way between them.

mod disk;
mod ending;
mod flights;
mod lanes;
mod owners;
mod rules;
mod server;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use tidings_core::clock::{Clock, ManualClock, Timestamp};
use tidings_core::event::NewEvent;
use tidings_core::id::{DeliveryId, OrganizationId, WebhookId};
use tidings_core::lane::Part;
use tidings_core::shares::Bounds;
use tidings_core::webhook::Webhook;
use tidings_delivery::dispatch::{Answer, Dispatch, Settled};
use tidings_store::Store;
use tidings_store::change::Change;

use crate::dice::Dice;
use crate::endpoint::Mood;
use crate::ledger::Ledger;
use crate::parts;
use flights::{Flight, Landed};
use server::Server;

/// When stories begin: 2026-01-01T00:00:00Z.
const START: Timestamp = Timestamp::from_ms(1_767_225_600_000);
/// The furthest that the clock jumps ahead, in minutes: past the day after which some give up.
const JUMP_AHEAD_MINUTES_MAX: u64 = 30 * 60;
/// The furthest that the clock is set back at once, in seconds.
const SET_BACK_SECONDS_MAX: u64 = 600;

/// Something the store is asked to make durable, in one commit.
pub(crate) enum Deed {
    Publish(OrganizationId, Vec<NewEvent>),
    Settle(Vec<Landed>),
    Change(Box<Change>),
    /// One step of the upkeep.
    Tidy,
    /// One step of every replay.
    Replay,
}

/// A read's answer that its lane has not heard of.
struct Answered {
    webhook: WebhookId,
    part: Part,
    answer: Answer,
}

pub(crate) struct World<'l> {
    dice: Dice,
    log: &'l mut Vec<String>,
    clock: Arc<ManualClock>,
    server: Server,
    dispatch: Dispatch,
    bounds: Bounds,
    /// The first is above all others.
    organizations: Vec<OrganizationId>,
    moods: BTreeMap<WebhookId, Mood>,
    ledger: Ledger,
    flights: BTreeMap<DeliveryId, Flight>,
    answers: Vec<Answered>,
    /// Outcomes that are durable, and not heard of.
    settled: Vec<Settled>,
    /// How long each webhook could have been sent to, and was not.
    idle: BTreeMap<WebhookId, Duration>,
    /// How far the clock was set back in all.
    set_back: Duration,
    /// Whether a commit may be the process's last.
    is_mortal: bool,
}

impl<'l> World<'l> {
    pub(crate) async fn begin(seed: u64, log: &'l mut Vec<String>) -> Self {
        let clock = Arc::new(ManualClock::at(START));
        let mut dice = Dice::new(seed);
        let bounds = parts::bounds(&mut dice);
        let mut world = Self {
            dice,
            log,
            server: Server::start(clock.clone()).await,
            clock,
            dispatch: Dispatch::within(bounds),
            bounds,
            organizations: Vec::new(),
            moods: BTreeMap::new(),
            ledger: Ledger::default(),
            flights: BTreeMap::new(),
            answers: Vec::new(),
            settled: Vec::new(),
            idle: BTreeMap::new(),
            set_back: Duration::ZERO,
            is_mortal: false,
        };
        world.found().await;
        world.is_mortal = true;
        world
    }

    /// A few organizations, and a few webhooks in each.
    async fn found(&mut self) {
        for _ in 0..3 {
            let above = self.organizations.first().copied();
            let organization = parts::organization(self.store().next_key(), above);
            self.organizations.push(organization.id);
            self.commit(change(Change::CreateOrganization(organization)))
                .await;
        }
        for _ in 0..3 + self.dice.roll(3) {
            let organization = self.any_organization();
            let key = self.store().next_key();
            let webhook = parts::webhook(key, organization, &mut self.dice);
            self.moods.insert(webhook.id, Mood::Well);
            self.commit(change(Change::CreateWebhook(Box::new(webhook))))
                .await;
        }
    }

    pub(crate) async fn step(&mut self) {
        let pause = parts::pause(&mut self.dice);
        self.clock.advance(pause);
        match self.dice.roll(100) {
            0..=24 => self.publish().await,
            25..=48 => self.land().await,
            49..=64 => self.hear_answers(),
            65..=68 => self.change_mood(),
            69..=77 => self.change_something().await,
            78..=82 => self.touch().await,
            83..=87 => self.commit(Deed::Tidy).await,
            88..=91 => self.commit(Deed::Replay).await,
            92 => self.crash().await,
            93 => self.jump_ahead(),
            94 => self.set_clock_back(),
            _ => {}
        }
        self.hear();
        self.pump().await;
        self.check(pause);
    }

    fn store(&self) -> &Store {
        &self.server.store
    }

    fn webhook(&self, id: WebhookId) -> Arc<Webhook> {
        let webhook = self.store().directory().webhook(id);
        webhook.expect("no story removes a webhook")
    }

    fn is_held(&self, id: WebhookId) -> bool {
        let webhook = self.webhook(id);
        self.store().directory().hold(&webhook).is_some()
    }

    fn any_webhook(&mut self) -> WebhookId {
        let index = self.dice.roll(self.moods.len() as u64) as usize;
        *self.moods.keys().nth(index).expect("it is one of them")
    }

    fn any_organization(&mut self) -> OrganizationId {
        self.organizations[self.dice.roll(self.organizations.len() as u64) as usize]
    }

    /// Adds a line to the story.
    fn say(&mut self, line: impl Display) {
        let ms = self.clock.now().as_ms() - START.as_ms();
        let seconds = ms as f64 / 1_000.0;
        self.log.push(format!("{seconds:>12.3} s  {line}"));
    }

    /// What a story calls a webhook: a letter, in the order of their making.
    fn name(&self, id: WebhookId) -> char {
        let position = self.moods.keys().position(|known| *known == id);
        ('A'..='Z').nth(position.unwrap_or(25)).unwrap_or('?')
    }

    /// What a story calls a delivery: a number.
    fn number(&self, id: DeliveryId) -> usize {
        let entry = self.ledger.deliveries.get(&id);
        entry.map_or(0, |entry| entry.number)
    }

    fn change_mood(&mut self) {
        let id = self.any_webhook();
        let mood = Mood::any(&mut self.dice);
        self.moods.insert(id, mood);
        self.say(format!("{} is {mood:?}", self.name(id)));
    }

    fn jump_ahead(&mut self) {
        let jump = Duration::from_mins(self.dice.roll(JUMP_AHEAD_MINUTES_MAX));
        self.clock.advance(jump);
        self.say(format!(
            "the clock jumped ahead by {} min",
            jump.as_secs() / 60
        ));
    }

    fn set_clock_back(&mut self) {
        let jump = Duration::from_secs(self.dice.roll(SET_BACK_SECONDS_MAX));
        self.ledger.fall_due(self.clock.now());
        self.clock.set(self.clock.now().minus(jump));
        self.set_back += jump;
        self.say(format!("the clock was set back by {} s", jump.as_secs()));
    }
}

fn change(change: Change) -> Deed {
    Deed::Change(Box::new(change))
}
