//! What a merge moves from one record to another.

use super::{Rejection, Stop, Work};
use crate::fault::Fault;
use crate::record::{Kind, Record};

/// How many records of a kind are moved in one step: the writer does nothing else meanwhile. Who has more
/// stays, and the other one moves.
pub const TAKEN_OVER_MAX: usize = 5_000;

impl Work<'_> {
    /// Has every record with a mark of one record belong to another, by `hand`. Where there are too many the
    /// merge is refused, at `/into`, before any of them is read.
    pub(crate) fn take_over<R: Record>(
        &mut self,
        kind: Kind,
        mark: &str,
        hand: impl Fn(&mut R),
    ) -> Result<(), Stop> {
        let Some(records) = self.marked_up_to::<R>(kind, mark, TAKEN_OVER_MAX)? else {
            let detail = format!(
                "cannot take over more than {TAKEN_OVER_MAX} {}s at once; merge the other way round",
                kind.as_str()
            );
            return Err(Rejection::Invalid(vec![Fault::at("/into", detail)]).into());
        };
        for mut record in records {
            hand(&mut record);
            self.put(&mut record)?;
        }
        Ok(())
    }
}
