//! Who may open attempts, and who waits for that.

use std::collections::{HashMap, HashSet, VecDeque};

use tidings_core::id::{DeliveryId, WebhookId};
use tidings_core::shares::{Bounds, Member, Share, Shares, Standing};

/// How many lanes that wait for their share are looked at for each attempt that ended.
const LOOKED_AT_PER_SLOT: usize = 2;

/// The bound over all open attempts, and the lanes that would send more than their share was.
#[derive(Debug, Default)]
pub(super) struct Slots {
    shares: Shares,
    /// Attempts whose outcome is not durable yet.
    open: HashMap<DeliveryId, Share>,
    /// Lanes that wait, in turn.
    waiting: VecDeque<WebhookId>,
    waits: HashSet<WebhookId>,
    /// How many of those are to be looked at: attempts have ended.
    looks: usize,
}

impl Slots {
    pub(super) fn within(bounds: Bounds) -> Self {
        Self {
            shares: Shares::within(bounds),
            ..Self::default()
        }
    }

    pub(super) fn open(&self) -> usize {
        self.shares.open()
    }

    /// How many attempts a lane may begin now that has `lane_open` open.
    pub(super) fn allowance(&self, member: &Member, standing: Standing, lane_open: usize) -> usize {
        self.shares.allowance(member, standing, lane_open)
    }

    /// An attempt begins.
    pub(super) fn take(
        &mut self,
        id: DeliveryId,
        member: &Member,
        standing: Standing,
        lane_open: usize,
    ) {
        let share = self.shares.take(member, standing, lane_open);
        self.open.insert(id, share);
    }

    /// An attempt ended: some of those that wait have another look. Its share is given back unless it
    /// `is_kept`.
    pub(super) fn free(&mut self, id: DeliveryId, is_kept: bool) {
        if let Some(share) = self.open.remove(&id) {
            if !is_kept {
                self.shares.release(&share);
            }
            self.looks += LOOKED_AT_PER_SLOT;
        }
    }

    /// The lane would send more; it gets its turn when slots are free.
    pub(super) fn wait(&mut self, id: WebhookId) {
        if self.waits.insert(id) {
            self.waiting.push_back(id);
        }
    }

    pub(super) fn is_waiting(&self, id: WebhookId) -> bool {
        self.waits.contains(&id)
    }

    /// How many lanes wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The lane whose turn it is to have a look, as long as there is one for it.
    pub(super) fn next(&mut self) -> Option<WebhookId> {
        if self.looks == 0 {
            return None;
        }
        let id = self.waiting.pop_front()?;
        self.waits.remove(&id);
        Some(id)
    }

    /// A look was of use.
    pub(super) fn use_look(&mut self) {
        self.looks -= 1;
    }

    /// Whoever could do with a slot that was free has looked.
    pub(super) fn end_looks(&mut self) {
        self.looks = 0;
    }
}
