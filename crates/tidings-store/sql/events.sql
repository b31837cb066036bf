-- name: insert_event
insert into events (
  id, organization_id, type, version, occurred_at, external_id, ordering_key, sequence, actor, data, created_at, traceparent
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- name: load_event
select id, organization_id, type, version, occurred_at, external_id, ordering_key, sequence, actor, data, created_at, traceparent
from events
where id = $1;

-- name: has_data
select 1
from events
where id = $1 and data is not null;

-- name: find_external_id
select id, organization_id, type, version, occurred_at, external_id, ordering_key, sequence, actor, data, created_at, traceparent
from events
where organization_id = $1 and external_id = $2;

-- name: last_key
select max(id)
from (
  select max(id) as id from events
  union all
  select max(id) from deliveries
  union all
  select max(id) from replays
  union all
  select max(position) from settings_history
  union all
  select max(id) from directory
  union all
  select max(webhook_id) from leavings
);

-- name: load_sequence
select last
from sequences
where organization_id = $1 and conversation = $2;

-- name: put_sequence
insert into sequences (organization_id, conversation, last)
values ($1, $2, $3)
on conflict (organization_id, conversation) do update set last = excluded.last;

-- name: events_before
select id, organization_id, type, version, occurred_at, external_id, ordering_key, sequence, actor, data, created_at, traceparent
from events
where id >= $1 and id < $2
order by id desc;

-- name: events_after
select id, organization_id, type, version, occurred_at, external_id, ordering_key, sequence, actor, data, created_at, traceparent
from events
where id >= $1 and id < $2
order by id;

-- name: events_in_place_before
select event_id
from event_places
where organization_id = $1 and event_id >= $2 and event_id < $3
order by event_id desc;

-- name: events_in_place_after
select event_id
from event_places
where organization_id = $1 and event_id >= $2 and event_id < $3
order by event_id;

-- name: put_event_place
insert into event_places (organization_id, event_id)
values ($1, $2)
on conflict (organization_id, event_id) do nothing;

-- name: put_event_places_after
-- In the order of the table; some may be there.
insert into event_places (organization_id, event_id)
select organization_id, id
from events
where id > $1
order by organization_id, id
on conflict (organization_id, event_id) do nothing;

-- name: delete_event_place
delete from event_places
where organization_id = $1 and event_id = $2;

-- name: rows_in_place
select through
from rows_in_place;

-- name: note_rows_in_place
update rows_in_place
set through = $1;

-- name: last_row
select coalesce(max(id), 0)
from (
  select max(id) as id from events
  union all
  select max(id) from deliveries
);
