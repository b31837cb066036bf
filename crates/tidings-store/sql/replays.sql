-- name: insert_replay
insert into replays (
  id, organization_id, webhook_id, status, selection, through, position, count, owed, created_at
)
values ($1, $2, $3, 'running', $4, $5, $6, $7, 0, $8);

-- name: load_replay
select id, organization_id, webhook_id, status, selection, through, position, count, owed, created_at, completed_at
from replays
where id = $1;

-- name: replay_of_webhook
select id
from replays
where webhook_id = $1 and status = 'running';

-- name: running_replays
select id, organization_id, webhook_id, status, selection, through, position, count, owed, created_at, completed_at
from replays
where status = 'running' and webhook_id > $1
order by webhook_id
limit $2;

-- name: move_replay
-- Only from where it was read: what was owed meanwhile is not owed again.
update replays
set position = $3, owed = owed + $4
where id = $1 and status = 'running' and position = $2;

-- name: end_replay
update replays
set status = $2, completed_at = $3
where id = $1 and status = 'running';

-- name: count_replayed
select state, count(*)
from deliveries
where replay_id = $1
group by state;

-- name: replay_pending
select id
from deliveries
where replay_id = $1 and state = 'pending' and +id > $2
limit $3;

-- name: replay_due
-- What the webhook is to be sent at once: the next steps of a replay wait for it.
select order_key
from deliveries
where webhook_id = $1 and state = 'pending' and failure is null and due_at <= $2 and +id > $3
union all
select order_key
from deliveries
where webhook_id = $1 and state = 'pending' and failure is not null and due_at <= $2 and +id > $3
limit $4;

-- name: past_event
-- The data is read only where the dialect's names depend on it.
select id, organization_id, type, case when $2 then data else '' end, ordering_key, actor
from events
where id = $1 and data is not null;

-- name: past_events_everywhere
select id, organization_id, type, case when $3 then data else '' end, ordering_key, actor
from events
where id > $1 and id <= $2 and data is not null
order by id;

-- name: next_event
select min(id)
from events
where id > $1;

-- name: owed_by_publishing
select event_id, id, state
from deliveries
where id = $1 and replay_id is null;

-- name: replayed_between
select event_id, id, state
from deliveries
where event_id > $1 and event_id <= $2 and webhook_id = $3 and replay_id is not null;

-- name: failed_between
select event_id, deliveries.id, events.organization_id, type, case when $4 then data else '' end
from deliveries
join events on events.id = event_id
where webhook_id = $1 and state = 'exhausted' and event_id > $2 and event_id <= $3 and data is not null
order by event_id;

-- name: last_replayed
select max(id)
from deliveries
where event_id = $1 and webhook_id = $2 and replay_id is not null;

-- name: delete_replays_of
delete from replays
where id in (select id from replays where webhook_id = $1 limit $2);

-- name: prune_replays
delete from replays
where id in (select id from replays where id < $1 and status <> 'running' and completed_at < $2 limit $3);

-- name: first_unreplayed
-- From here on a replay has not looked yet: these events must stay.
select min(position)
from replays
where status = 'running' and position < through;

-- name: replays_before
select id, webhook_id
from replays
where status = 'running' and id < $1;
