-- name: insert_event
insert into events (
  id, organization_id, type, version, occurred_at, external_id, ordering_key, sequence, actor, data, created_at, traceparent
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- name: load_event
select id, organization_id, type, version, occurred_at, external_id, ordering_key, sequence, actor, data, created_at, traceparent
from events
where id = $1;

-- name: type_of_event
select type
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

-- name: delete_sequences_of_organization
delete from sequences
where organization_id = $1;

-- name: events_before
select id, organization_id, type
from events
where id >= $1 and id < $2
order by id desc;

-- name: events_after
select id, organization_id, type
from events
where id >= $1 and id < $2
order by id;
