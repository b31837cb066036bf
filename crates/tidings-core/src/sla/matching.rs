//! Which policy a conversation is under (contract §7).

use super::{Match, Metric, Policy, Target};
use crate::clock::Timestamp;
use crate::command::Work;
use crate::id::SlaPolicyId;
use crate::record::{Kind, ReadFailed};

/// What matching asks of a conversation.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'c> {
    /// The team that has it.
    pub team_id: Option<&'c str>,
    /// The kind of channel.
    pub channel_type: &'c str,
}

impl Scope<'_> {
    /// What policies for it may say, the best match first: team and channel, the team, the channel,
    /// nothing.
    fn matches(&self) -> impl Iterator<Item = Match> {
        let channel_type = Some(self.channel_type.to_owned());
        let of_team = |channel_type| {
            self.team_id.map(|team_id| Match {
                team_id: Some(team_id.to_owned()),
                channel_type,
            })
        };
        let of_none = |channel_type| {
            Some(Match {
                team_id: None,
                channel_type,
            })
        };
        let order = [
            of_team(channel_type.clone()),
            of_team(None),
            of_none(channel_type),
            of_none(None),
        ];
        order.into_iter().flatten()
    }
}

/// The policy for a timer of `metric` that started at `start`, and its target: the best match that
/// promises something of the metric, the newest of equals. One that was saved after the start does not
/// count, except `current`, which the timer has already.
pub(super) fn best(
    work: &mut Work<'_>,
    scope: Scope<'_>,
    metric: Metric,
    start: Timestamp,
    current: Option<SlaPolicyId>,
) -> Result<Option<(Policy, Target)>, ReadFailed> {
    for matches in scope.matches() {
        let mut policies: Vec<Policy> = work.marked(Kind::SlaPolicy, &matches.mark())?;
        policies.retain(|policy| policy.updated_at <= start || Some(policy.id) == current);
        let mut newest_first = policies.into_iter().rev();
        let found = newest_first.find_map(|policy| {
            let target = policy.metrics.target(metric)?;
            Some((policy, target))
        });
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}
