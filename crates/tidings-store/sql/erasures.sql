-- name: erase_event
-- That a webhook caused it names nobody, and tells why that webhook was not told.
update events
set data = null, actor = case
  when actor ->> 'type' = 'bot' and actor ->> 'id' glob 'whk_*'
  then json_object('type', 'bot', 'id', actor ->> 'id', 'name', null)
end
where id = $1;

-- name: deliveries_of_event
-- What a publish owed follows the event, and ends where something else does; what replays owed, anywhere.
select id, webhook_id
from deliveries
where id > $1 and id < coalesce(
  (
    select id
    from deliveries
    where id > $1 and (event_id <> $1 or replay_id is not null)
    order by id
    limit 1
  ),
  9223372036854775807
)
union all
select id, webhook_id
from deliveries
where event_id = $1 and replay_id is not null;

-- name: erase_answers
update attempts
set response_body = x'', truncated = max(truncated, length(response_body) > 0)
where delivery_id = $1;

-- name: erase_late_answer
update attempts
set response_body = x'', truncated = max(truncated, length(response_body) > 0)
where delivery_id = $1 and number = $2 and exists (
  select 1
  from deliveries
  join events on events.id = event_id
  where deliveries.id = $1 and data is null
);

-- name: insert_erasure
insert into erasures (id, organization_id, contact, position)
values ($1, $2, $3, 0);

-- name: next_organization_with_erasures
-- After the last comes the first.
select coalesce(
  (select min(organization_id) from erasures where organization_id > $1),
  (select min(organization_id) from erasures)
);

-- name: load_erasures
-- Those that have come furthest: whoever came later walks with all others of its kind when they are done.
select id, contact, position
from erasures
where organization_id = $1 and position = (
  select max(position)
  from erasures
  where organization_id = $1
)
order by id
limit $2;

-- name: is_about
-- Each of the contacts is listed with the key of the time up to which events about it go.
select exists (
  select 1
  from json_each($2) as erased
  where $1 < erased.value ->> 0 and instr(data, erased.value ->> 1) > 0
)
from events
where id = $1 and data is not null;

-- name: move_erasures
update erasures
set position = $3
where id in (select value from json_each($1)) and position = $2;

-- name: delete_erasures
delete from erasures
where id in (select value from json_each($1));
