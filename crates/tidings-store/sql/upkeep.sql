-- name: settle_discarded
-- The rows behind a discard of everything, a few at a time; found among what is pending, not in the
-- whole history.
update deliveries
set state = 'discarded', reason = 'requested', completed_at = $3
where id in (
  select id from (
    select id from deliveries
    where webhook_id = $1 and state = 'pending' and failure is null and +id <= $2
    order by due_at
    limit $4
  )
  union all
  select id from (
    select id from deliveries
    where webhook_id = $1 and state = 'pending' and failure is not null and +id <= $2
    order by due_at
    limit $4
  )
  limit $4
);

-- name: give_up
-- What fell due before $2, in dialects that give up after some time. What was never tried fell due
-- when it says, or was settled since.
update deliveries
set state = 'exhausted', completed_at = $3
where id in (
  select id from (
    select id from deliveries
    where webhook_id = $1 and state = 'pending' and failure is null and due_at < $2
      and coalesce(due_since, created_at) < $2 and +id > $4
    order by due_at
    limit $5
  )
  union all
  select id from (
    select id from deliveries
    where webhook_id = $1 and state = 'pending' and failure is not null
      and coalesce(due_since, created_at) < $2 and +id > $4
    order by due_at
    limit $5
  )
  limit $5
);

-- name: expire_held
-- What is older than the retention; what was asked for again since, once that is.
update deliveries
set state = 'discarded', reason = 'expired', completed_at = $3
where id in (
  select id from (
    select id from deliveries
    where webhook_id = $1 and state = 'pending' and failure is null and due_at < $5 and +id < $2
    order by due_at
    limit $4
  )
  union all
  select id from (
    select id from deliveries
    where webhook_id = $1 and state = 'pending' and failure is not null and +id < $2
    order by due_at
    limit $4
  )
  limit $4
);

-- name: walk_deliveries
select max(id), count(*)
from (select id from deliveries where id > $1 and id < $2 order by id limit $3);

-- name: prune_attempts
-- Of the very rows that `prune_deliveries` takes, some at a time: answers may be long.
delete from attempts
where rowid in (
  select attempts.rowid
  from deliveries
  join attempts on delivery_id = deliveries.id
  where deliveries.id > $1 and deliveries.id <= $2 and state <> 'pending' and completed_at < $3
  limit $4
);

-- name: prune_deliveries
-- What was settled lately is history of its own, however long it was owed.
delete from deliveries
where id > $1 and id <= $2 and state <> 'pending' and completed_at < $3
returning webhook_id, id;

-- name: walk_events
select max(id), count(*)
from (select id from events where id > $1 and id < $2 order by id limit $3);

-- name: prune_events
-- Once deliveries are pruned, those left so far back are owed still, or were settled lately. What a
-- publish owes lies between its event and the next; what a replay owes is found by its event.
delete from events
where id > $1 and id <= $2
  and id not in (select event_id from deliveries where id > $1 and id < $3)
  and not exists (select 1 from deliveries where event_id = events.id and replay_id is not null)
returning organization_id, id;

-- name: put_leaving
insert into leavings (webhook_id)
values ($1);

-- name: load_leaving
select webhook_id
from leavings
limit 1;

-- name: delete_leaving
delete from leavings
where webhook_id = $1;

-- name: delete_attempts_of
delete from attempts
where rowid in (
  select attempts.rowid
  from json_each($1) as gone
  join attempts on delivery_id = gone.value
  limit $2
);

-- name: delete_delivery
delete from deliveries
where id = $1;
