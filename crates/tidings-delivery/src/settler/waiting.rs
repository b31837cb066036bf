//! What waits to be settled, and what of it goes into the next commit.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use tidings_core::id::WebhookId;
use tidings_core::lane::Reply;
use tokio::time::Instant;

/// How many outcomes of attempts that were answered go into one commit.
const ANSWERED_MAX: usize = 1_024;
/// How many of them may be failures: the store takes longer to put a delivery off than to end it, and
/// what others commit gets in between.
const FAILURES_MAX: usize = 32;
/// How many outcomes of attempts that were not answered go into one commit. Endpoints that hang run into
/// their timeouts all at once.
const UNANSWERED_MAX: usize = 8;
/// How far such commits are apart at least; and how long such an outcome waits for others to share their
/// commit with: its delivery is not tried again for seconds.
const UNANSWERED_EVERY: Duration = Duration::from_millis(4);

/// Outcomes, of attempts that were answered and of others. Those of one webhook are settled in the order
/// in which they came: its health tells failures that follow a success from those before one.
#[derive(Debug)]
pub(super) struct Waiting<T> {
    answered: VecDeque<Waiter<T>>,
    /// Of a webhook that has some here and some there, these are the newer ones.
    unanswered: VecDeque<Waiter<T>>,
    /// None of the unanswered go into a commit before.
    rests_until: Instant,
}

#[derive(Debug)]
struct Waiter<T> {
    outcome: T,
    webhook: WebhookId,
    has_failed: bool,
    came: Instant,
}

impl<T> Waiting<T> {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            answered: VecDeque::new(),
            unanswered: VecDeque::new(),
            rests_until: now,
        }
    }

    /// An attempt for `webhook` ended with `reply`.
    pub(super) fn push(&mut self, outcome: T, webhook: WebhookId, reply: Reply, now: Instant) {
        let waiter = Waiter {
            outcome,
            webhook,
            has_failed: reply != Reply::Success,
            came: now,
        };
        match reply {
            Reply::Success | Reply::Refusal => {
                self.take_along(webhook);
                self.answered.push_back(waiter);
            }
            Reply::Timeout | Reply::Silence => self.unanswered.push_back(waiter),
        }
    }

    /// What waits of this webhook goes before its answer.
    fn take_along(&mut self, webhook: WebhookId) {
        if self
            .unanswered
            .iter()
            .any(|waiter| waiter.webhook == webhook)
        {
            let all = std::mem::take(&mut self.unanswered).into_iter();
            let (its, others) = all.partition::<VecDeque<_>, _>(|other| other.webhook == webhook);
            self.answered.extend(its);
            self.unanswered = others;
        }
    }

    /// How many want a commit at once.
    pub(super) fn answered(&self) -> usize {
        self.answered.len()
    }

    /// When the others want one, though nobody shares theirs; `None` without any.
    pub(super) fn due(&self) -> Option<Instant> {
        let first = self.unanswered.front()?;
        Some(self.rests_until.max(first.came + UNANSWERED_EVERY))
    }

    /// What goes into a commit that begins now; nothing while all can wait.
    pub(super) fn take(&mut self, now: Instant) -> Vec<T> {
        let together = self.together();
        let mut batch = first(&mut self.answered, together);
        let may_share = !batch.is_empty() && self.rests_until <= now;
        let is_due = self.due().is_some_and(|due| due <= now);
        if is_due || (may_share && self.answered.is_empty()) {
            batch.extend(self.take_unanswered());
            self.rests_until = now + UNANSWERED_EVERY;
        }
        batch
    }

    /// The first of those that were not answered, however many answers are left over: else a stream of
    /// these would keep them for ever. What follows an answer of its webhook waits for that.
    fn take_unanswered(&mut self) -> Vec<T> {
        let before: HashSet<_> = self.answered.iter().map(|waiter| waiter.webhook).collect();
        let mut taken = Vec::new();
        let mut left = VecDeque::new();
        for waiter in std::mem::take(&mut self.unanswered) {
            if taken.len() < UNANSWERED_MAX && !before.contains(&waiter.webhook) {
                taken.push(waiter.outcome);
            } else {
                left.push_back(waiter);
            }
        }
        self.unanswered = left;
        taken
    }

    /// How many of those that were answered go into one commit.
    fn together(&self) -> usize {
        let failures = self.answered.iter().enumerate();
        let failures = failures.filter(|(_, waiter)| waiter.has_failed);
        let one_too_many = failures.map(|(at, _)| at).nth(FAILURES_MAX);
        one_too_many.unwrap_or(ANSWERED_MAX)
    }

    /// Everything, however much: nothing comes any more, or nothing may be waited for.
    pub(super) fn take_all(&mut self) -> Vec<T> {
        let mut all = first(&mut self.answered, usize::MAX);
        all.extend(first(&mut self.unanswered, usize::MAX));
        all
    }
}

fn first<T>(waiters: &mut VecDeque<Waiter<T>>, most: usize) -> Vec<T> {
    let count = waiters.len().min(most);
    let first = waiters.drain(..count);
    first.map(|waiter| waiter.outcome).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: WebhookId = WebhookId(1);
    const OTHER: WebhookId = WebhookId(2);
    const THIRD: WebhookId = WebhookId(3);

    struct Story {
        waiting: Waiting<usize>,
        now: Instant,
    }

    impl Story {
        fn new() -> Self {
            let now = Instant::now();
            Self {
                waiting: Waiting::new(now),
                now,
            }
        }

        fn push(&mut self, number: usize, webhook: WebhookId, reply: Reply) {
            self.waiting.push(number, webhook, reply, self.now);
        }

        fn push_many(&mut self, numbers: std::ops::Range<usize>, webhook: WebhookId, reply: Reply) {
            numbers.for_each(|number| self.push(number, webhook, reply));
        }

        fn take(&mut self) -> Vec<usize> {
            self.waiting.take(self.now)
        }
    }

    #[test]
    fn an_answer_is_settled_at_once_and_shares_its_commit() {
        let mut story = Story::new();
        story.push(1, ONE, Reply::Success);
        story.push(2, OTHER, Reply::Timeout);
        story.push(3, ONE, Reply::Refusal);
        assert_eq!(story.take(), [1, 3, 2]);
        assert_eq!(story.waiting.due(), None);
    }

    #[test]
    fn no_answer_waits_for_company_but_not_long() {
        let mut story = Story::new();
        story.push(1, ONE, Reply::Silence);
        assert!(story.take().is_empty());
        assert_eq!(story.waiting.due(), Some(story.now + UNANSWERED_EVERY));
        story.now += UNANSWERED_EVERY;
        assert_eq!(story.take(), [1]);
    }

    #[test]
    fn many_without_an_answer_leave_room_for_others() {
        let mut story = Story::new();
        story.push_many(0..20, ONE, Reply::Timeout);
        story.push(20, OTHER, Reply::Success);
        assert_eq!(story.take().len(), 1 + UNANSWERED_MAX);
        story.push(21, OTHER, Reply::Success);
        assert_eq!(story.take(), [21], "the others rest");
        story.now += UNANSWERED_EVERY;
        assert_eq!(story.waiting.due(), Some(story.now));
        assert_eq!(story.take().len(), UNANSWERED_MAX);
        assert_eq!(story.waiting.take_all(), [16, 17, 18, 19]);
    }

    #[test]
    fn outcomes_of_a_webhook_keep_their_order() {
        let mut story = Story::new();
        story.push(1, ONE, Reply::Timeout);
        story.push(2, OTHER, Reply::Timeout);
        story.push(3, ONE, Reply::Success);
        story.push(4, ONE, Reply::Silence);
        assert_eq!(story.take(), [1, 3, 2, 4]);
    }

    #[test]
    fn failures_are_settled_a_few_at_a_time() {
        let check = |replies: &[(Reply, usize)], together| {
            let mut story = Story::new();
            for (reply, count) in replies {
                story.push_many(0..*count, ONE, *reply);
            }
            story.push(0, OTHER, Reply::Timeout);
            let alone = replies.iter().map(|(_, count)| count).sum::<usize>() > together;
            assert_eq!(
                story.take().len(),
                together + usize::from(!alone),
                "{replies:?}"
            );
        };
        let (success, refusal) = (Reply::Success, Reply::Refusal);
        check(&[(success, ANSWERED_MAX)], ANSWERED_MAX);
        check(&[(success, 2 * ANSWERED_MAX)], ANSWERED_MAX);
        check(&[(refusal, FAILURES_MAX)], FAILURES_MAX);
        check(&[(refusal, 1_000)], FAILURES_MAX);
        check(&[(success, 100), (refusal, 33), (success, 100)], 132);
    }

    /// More is refused all the time than goes into one commit.
    #[test]
    fn a_stream_of_refusals_does_not_keep_those_without_an_answer() {
        // Of which webhooks those are, and which of them each commit takes.
        let check = |unanswered: &[WebhookId], commits: [&[usize]; 4]| {
            let mut story = Story::new();
            story.push_many(100..100 + FAILURES_MAX + 1, OTHER, Reply::Refusal);
            for (number, webhook) in unanswered.iter().enumerate() {
                story.push(number, *webhook, Reply::Timeout);
            }
            for (number, expected) in commits.into_iter().enumerate() {
                let taken = story.take();
                let of_these: Vec<_> = taken.into_iter().filter(|taken| *taken < 100).collect();
                assert_eq!(of_these, expected, "{unanswered:?}, commit {number}");
                story.push_many(100..100 + FAILURES_MAX, THIRD, Reply::Refusal);
                story.now += UNANSWERED_EVERY;
            }
        };
        check(&[ONE], [&[], &[0], &[], &[]]);
        check(&[ONE; 10], [&[], &[0, 1, 2, 3, 4, 5, 6, 7], &[8, 9], &[]]);
        // An answer of their webhook is left over from the first commit, and goes before them.
        check(&[OTHER, ONE, OTHER], [&[], &[0, 1, 2], &[], &[]]);
    }

    #[test]
    fn what_follows_an_answer_waits_for_that() {
        let mut story = Story::new();
        story.push_many(100..100 + 2 * FAILURES_MAX + 1, OTHER, Reply::Refusal);
        story.push(1, OTHER, Reply::Timeout);
        story.push(2, ONE, Reply::Timeout);
        story.now += UNANSWERED_EVERY;
        let mut last = Vec::new();
        for _ in 0..3 {
            last.extend(story.take().pop());
            story.now += UNANSWERED_EVERY;
        }
        assert_eq!(last, [2, 99 + 2 * FAILURES_MAX, 1]);
    }
}
