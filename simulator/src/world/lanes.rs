//! What the lanes hear, and what they want done.

use tidings_core::clock::Clock as _;
use tidings_core::delivery::Owed;
use tidings_delivery::dispatch::Order;

use super::flights::Flight;
use super::{Answered, World};

impl World<'_> {
    /// Some reads are answered, in any order; now and then one fails.
    pub(super) fn hear_answers(&mut self) {
        while let Some(index) = self.dice.pick(self.answers.len()) {
            let mut answered = self.answers.swap_remove(index);
            if self.dice.hits(12) {
                answered.answer = Err(answered.part);
            }
            self.hear_answer(answered);
            if self.dice.hits(3) {
                break;
            }
        }
    }

    pub(super) fn hear_answer(&mut self, answered: Answered) {
        let Answered {
            webhook,
            part,
            answer,
        } = answered;
        let brought = match &answer {
            Ok(claimed) => format!("brings {} of it", claimed.rows.len()),
            Err(_) => "fails".to_owned(),
        };
        self.say(format!(
            "a read of {}'s {part:?} {brought}",
            self.name(webhook)
        ));
        self.dispatch.claimed(webhook, answer, self.clock.now());
    }

    /// The lanes hear of commits and outcomes. Now and then the word of a commit is lost, and they are
    /// told that something was.
    pub(super) fn hear(&mut self) {
        let directory = self.server.store.directory();
        while let Ok(committed) = self.server.handoff.committed.try_recv() {
            if self.dice.hits(30) {
                self.dispatch.recheck_all(directory);
            } else {
                self.dispatch.committed(committed, directory);
            }
        }
        for settled in std::mem::take(&mut self.settled) {
            self.dispatch.settled(&settled, directory);
        }
    }

    /// Does what the lanes want done.
    pub(super) async fn pump(&mut self) {
        for order in self.dispatch.pump(self.clock.now()) {
            match order {
                Order::Claim(webhook, claim) => {
                    // Read now, heard of later.
                    let part = claim.part;
                    let answer = self.store().claim(webhook, claim).await;
                    self.answers.push(Answered {
                        webhook,
                        part,
                        answer: answer.map_err(|_| part),
                    });
                }
                Order::Send { owed, is_probe, .. } => self.send(owed, is_probe),
            }
        }
    }

    fn send(&mut self, owed: Owed, is_probe: bool) {
        let (name, number) = (self.name(owed.webhook_id), self.number(owed.id));
        let kind = if is_probe { " as a probe" } else { "" };
        self.say(format!("#{number} is sent to {name}{kind}"));
        self.check_send(&owed, is_probe);
        self.idle.remove(&owed.webhook_id);
        let flight = Flight {
            is_probe,
            began: self.clock.now(),
            owed,
        };
        let twice = self.flights.insert(flight.owed.id, flight);
        assert!(twice.is_none(), "#{number} is sent twice at once");
    }
}
