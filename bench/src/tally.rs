//! What a receiver counts: which events came, how often, in which order, and how late.

use hdrhistogram::Histogram;

use crate::mark::Mark;
use crate::protocol::{Quantiles, Received, histogram};

/// Counts by webhook (slot) and event number.
pub(crate) struct Tally {
    slots: Vec<Slot>,
    latency: Histogram<u64>,
    report: Received,
}

/// What one webhook has received.
#[derive(Default)]
struct Slot {
    /// One bit per event number.
    seen: Vec<u64>,
    /// The highest number seen of each conversation, plus one.
    newest: Vec<u64>,
}

impl Tally {
    /// Nothing received yet.
    pub(crate) fn new() -> Self {
        Self {
            slots: Vec::new(),
            latency: histogram(),
            report: Received::default(),
        }
    }

    /// Counts one receipt.
    pub(crate) fn receive(&mut self, slot: usize, mark: Mark, now_ns: u64) {
        if slot >= self.slots.len() {
            self.slots.resize_with(slot + 1, Slot::default);
        }
        let slot = &mut self.slots[slot];
        if !slot.is_new(mark.id) {
            self.report.duplicated += 1;
            return;
        }
        if !slot.is_in_order(mark) {
            self.report.out_of_order += 1;
        }
        self.report.unique += 1;
        self.report.last_ns = now_ns;
        if mark.intended_ns > 0 {
            let latency_ns = now_ns.saturating_sub(mark.intended_ns);
            self.latency.saturating_record(latency_ns);
        }
    }

    /// Counts a request that was not understood or whose signature is wrong.
    pub(crate) fn refuse(&mut self) {
        self.report.refused += 1;
    }

    /// Different (webhook, event) pairs so far.
    pub(crate) fn unique(&self) -> u64 {
        self.report.unique
    }

    /// All counts so far.
    pub(crate) fn report(&self) -> Received {
        Received {
            latency: Quantiles::of(&self.latency),
            ..self.report.clone()
        }
    }
}

impl Slot {
    fn is_new(&mut self, id: u64) -> bool {
        let (word, bit) = (id as usize / 64, 1_u64 << (id % 64));
        if word >= self.seen.len() {
            self.seen.resize(word + 1, 0);
        }
        let is_new = self.seen[word] & bit == 0;
        self.seen[word] |= bit;
        is_new
    }

    fn is_in_order(&mut self, mark: Mark) -> bool {
        let key = mark.key as usize;
        if key >= self.newest.len() {
            self.newest.resize(key + 1, 0);
        }
        let is_in_order = mark.id >= self.newest[key];
        self.newest[key] = self.newest[key].max(mark.id + 1);
        is_in_order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_order_and_latency_are_counted_per_webhook() {
        let mut tally = Tally::new();
        for (slot, id, key) in [
            (0, 0, 0),
            (0, 2, 0),
            (0, 1, 0), // after 2 of the same conversation
            (0, 3, 1),
            (0, 3, 1), // again
            (1, 3, 1), // first time at another webhook
        ] {
            let mark = Mark {
                id,
                key,
                intended_ns: 1_000_000,
            };
            tally.receive(slot, mark, 3_000_000);
        }
        tally.refuse();
        let report = tally.report();
        assert_eq!((report.unique, report.duplicated), (5, 1));
        assert_eq!((report.out_of_order, report.refused), (1, 1));
        let latency = report.latency.unwrap();
        assert_eq!((latency.count, latency.p50_ms.round()), (5, 2.0));
    }
}
