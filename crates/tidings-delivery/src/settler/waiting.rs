//! What waits to be settled, and what of it goes into the next commit.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// How many outcomes of attempts that were not answered go into one commit. Endpoints that hang run into
/// their timeouts all at once, and the store takes longer to put a delivery off than to end it.
const UNANSWERED_MAX: usize = 8;
/// How far such commits are apart at least, so that what others commit gets in between; and how long
/// such an outcome waits for others to share their commit with: its delivery is not tried again for
/// seconds.
const UNANSWERED_EVERY: Duration = Duration::from_millis(4);

/// Outcomes, of attempts that were answered and of others.
#[derive(Debug)]
pub(super) struct Waiting<T> {
    answered: Vec<T>,
    /// With when they came.
    unanswered: VecDeque<(Instant, T)>,
    /// None of these go into a commit before.
    rests_until: Instant,
}

impl<T> Waiting<T> {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            answered: Vec::new(),
            unanswered: VecDeque::new(),
            rests_until: now,
        }
    }

    pub(super) fn push(&mut self, outcome: T, was_answered: bool, now: Instant) {
        if was_answered {
            self.answered.push(outcome);
        } else {
            self.unanswered.push_back((now, outcome));
        }
    }

    /// How many want a commit at once.
    pub(super) fn answered(&self) -> usize {
        self.answered.len()
    }

    /// When the others want one, though nobody shares theirs; `None` without any.
    pub(super) fn due(&self) -> Option<Instant> {
        let (came, _) = self.unanswered.front()?;
        Some(self.rests_until.max(*came + UNANSWERED_EVERY))
    }

    /// What goes into a commit that begins now; nothing while all can wait.
    pub(super) fn take(&mut self, now: Instant) -> Vec<T> {
        let mut batch = std::mem::take(&mut self.answered);
        let may_share = !batch.is_empty() && self.rests_until <= now;
        if may_share || self.due().is_some_and(|due| due <= now) {
            let count = self.unanswered.len().min(UNANSWERED_MAX);
            batch.extend(self.unanswered.drain(..count).map(|(_, outcome)| outcome));
            self.rests_until = now + UNANSWERED_EVERY;
        }
        batch
    }

    /// Everything: nothing comes any more.
    pub(super) fn take_all(&mut self) -> Vec<T> {
        let unanswered = self.unanswered.drain(..).map(|(_, outcome)| outcome);
        self.answered.drain(..).chain(unanswered).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers below 1,000 were answered.
    fn waiting(outcomes: &[u32], start: Instant) -> Waiting<u32> {
        let mut waiting = Waiting::new(start);
        for outcome in outcomes {
            waiting.push(*outcome, *outcome < 1_000, start);
        }
        waiting
    }

    fn unanswered(count: usize) -> Vec<u32> {
        (1_000..).take(count).collect()
    }

    #[test]
    fn an_answer_is_settled_at_once_and_shares_its_commit() {
        let start = Instant::now();
        let mut waiting = waiting(&[1, 1_000, 2], start);
        assert_eq!(waiting.take(start), [1, 2, 1_000]);
        assert_eq!(waiting.due(), None);
    }

    #[test]
    fn no_answer_waits_for_company_but_not_long() {
        let start = Instant::now();
        let mut waiting = waiting(&[1_000], start);
        assert!(waiting.take(start).is_empty());
        assert_eq!(waiting.due(), Some(start + UNANSWERED_EVERY));
        assert_eq!(waiting.take(start + UNANSWERED_EVERY), [1_000]);
    }

    #[test]
    fn many_without_an_answer_leave_room_for_others() {
        let start = Instant::now();
        let mut waiting = waiting(&unanswered(70), start);
        waiting.push(1, true, start);
        assert_eq!(waiting.take(start).len(), 1 + UNANSWERED_MAX);
        waiting.push(2, true, start);
        assert_eq!(waiting.take(start), [2], "they rest");
        let next = start + UNANSWERED_EVERY;
        assert_eq!(waiting.due(), Some(next));
        assert_eq!(waiting.take(next).len(), UNANSWERED_MAX);
        assert_eq!(waiting.take_all().len(), 70 - 2 * UNANSWERED_MAX);
    }
}
