-- name: settle_discarded
-- The rows behind a discard of everything, a few at a time.
update deliveries
set state = 'discarded', reason = 'requested', completed_at = $3
where id in (
  select id from deliveries
  where webhook_id = $1 and state = 'pending' and id <= $2
  limit $4
);

-- name: expire_held
update deliveries
set state = 'discarded', reason = 'expired', completed_at = $3
where id in (
  select id from deliveries
  where webhook_id = $1 and id < $2 and state = 'pending'
  limit $4
);

-- name: prune_attempts
delete from attempts
where delivery_id in (
  select id from deliveries
  where id < $1 and state <> 'pending'
  order by id
  limit $2
);

-- name: prune_deliveries
delete from deliveries
where id in (
  select id from deliveries
  where id < $1 and state <> 'pending'
  order by id
  limit $2
);

-- name: prune_events
-- Once deliveries are pruned, the ones that are left so far back are owed still.
delete from events
where id in (
  select id from events
  where id < $1 and id not in (select event_id from deliveries where id < $1)
  order by id
  limit $2
);

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
where delivery_id in (select id from deliveries where webhook_id = $1 order by id limit $2);

-- name: delete_deliveries_of
delete from deliveries
where id in (select id from deliveries where webhook_id = $1 order by id limit $2);
