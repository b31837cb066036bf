-- name: placed_before
select id
from places
where owner = $1 and id >= $2 and id < $3
order by id desc;

-- name: placed_after
select id
from places
where owner = $1 and id >= $2 and id < $3
order by id;

-- name: put_place
insert into places (owner, id)
values ($1, $2)
on conflict (owner, id) do nothing;

-- name: put_places_after
-- In the order of the table; some may be there.
insert into places (owner, id)
select organization_id as owner, id
from events
where id > $1
union all
select webhook_id, id
from deliveries
where id > $1
order by owner, id
on conflict (owner, id) do nothing;

-- name: delete_place
delete from places
where owner = $1 and id = $2;

-- name: last_row
select coalesce(max(id), 0)
from (
  select max(id) as id from events
  union all
  select max(id) from deliveries
);

-- name: in_place
select through
from in_place
where entries = $1;

-- name: note_in_place
update in_place
set through = $2
where entries = $1;
