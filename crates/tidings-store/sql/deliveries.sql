-- name: insert_delivery
insert into deliveries (
  id, organization_id, webhook_id, event_id, state, order_key, attempt_count, tries, due_at, created_at, replay_id
)
values ($1, $2, $3, $4, 'pending', $5, 0, 0, $6, $6, $7);

-- name: insert_attempt
insert into attempts (
  delivery_id, number, started_at, duration_ms, status_code, error,
  request_headers, response_headers, response_body, truncated, reply_error
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
on conflict (delivery_id, number) do nothing;

-- name: note_reply_error
update attempts
set reply_error = $3
where delivery_id = $1 and number = $2;

-- name: finish_delivery
update deliveries
set state = $2, completed_at = $3, attempt_count = $4, first_attempt_at = $5
where id = $1 and state = 'pending';

-- name: postpone_delivery
update deliveries
set due_at = $2, tries = $3, attempt_count = $4, first_attempt_at = $5,
  failure = $6, asked_until = $7
where id = $1 and state = 'pending';

-- name: count_attempt
update deliveries
set attempt_count = $2
where id = $1;

-- name: renew_delivery
-- One of a full streak; it may have been tried again, dropped or pruned since it was given up.
update deliveries
set state = 'pending', reason = null, completed_at = null, tries = 0, due_at = created_at,
  failure = null, asked_until = null, due_since = $2
where id = $1 and state = 'exhausted';

-- name: retry_delivery
update deliveries
set state = 'pending', reason = null, completed_at = null, tries = 0, due_at = $2,
  failure = null, asked_until = null, due_since = $2, order_key = case when $3 then coalesce(order_key, id) else order_key end
where id = $1 and state <> 'pending';

-- name: has_something_to_send
select 1
from deliveries
join events on events.id = event_id
where deliveries.id = $1 and data is not null;

-- name: discard_delivery
update deliveries
set state = 'discarded', reason = $2, completed_at = $3
where id = $1 and state = 'pending';

-- name: renew_tried
-- A resumed webhook: what failed before begins its schedule anew, at its old place in the order. The
-- plus keeps the id from choosing the index on all deliveries: history is no part of this.
update deliveries
set tries = 0, due_at = created_at, failure = null, asked_until = null
where id in (
  select id from deliveries
  where webhook_id = $1 and state = 'pending' and failure is not null and failure <= $2 and +id > $3
  order by due_at
  limit $4
);

-- name: release_tried
-- A lane that recovered: what failed before is due at once.
update deliveries
set due_at = $2, asked_until = null
where id in (
  select id from deliveries
  where webhook_id = $1 and state = 'pending' and failure is not null and due_at > $2 and failure <= $3 and +id > $4
  order by due_at
  limit $5
);

-- name: claim_fresh
select id, event_id, order_key, attempt_count, tries, due_at, first_attempt_at, replay_id is not null
from deliveries
where webhook_id = $1 and state = 'pending' and failure is null and due_at > $2 and due_at <= $3 and +id > $4
order by due_at, id;

-- name: claim_tried
select id, event_id, order_key, attempt_count, tries, due_at, first_attempt_at, replay_id is not null
from deliveries
where webhook_id = $1 and state = 'pending' and failure is not null and due_at > $2 and due_at <= $3 and +id > $4
order by due_at, id;

-- name: probe_tried
-- Due or not, but for what the receiver does not want yet.
select id, event_id, order_key, attempt_count, tries, due_at, first_attempt_at, replay_id is not null
from deliveries
where webhook_id = $1 and state = 'pending' and failure is not null and coalesce(asked_until, 0) <= $2 and +id > $3
order by due_at, id;

-- name: ordered_keys
-- The conversations of an ordered lane, row by row: the first row of each is its head.
select id, order_key
from deliveries
where webhook_id = $1 and state = 'pending' and order_key is not null and id > $2 and id <= $3
order by id;

-- name: load_head
select id, event_id, order_key, attempt_count, tries, due_at, first_attempt_at, replay_id is not null,
  failure is null, coalesce(asked_until, 0) <= $2
from deliveries
where id = $1;

-- name: claim_ordered
-- What was never tried is due, whatever a clock that was set back says: what follows must not pass it.
select id, event_id, order_key, attempt_count, tries, due_at, first_attempt_at, replay_id is not null
from deliveries
where webhook_id = $1 and state = 'pending' and order_key is not null and id > $2 and id <= $3
  and (failure is null or due_at <= $4)
order by id;

-- name: backlog_left
select 1
from deliveries
where webhook_id = $1 and state = 'pending' and order_key is not null and id <= $2 and id > $3
limit 1;

-- name: last_due_fresh
select max(due_at)
from deliveries
where webhook_id = $1 and state = 'pending' and failure is null;

-- name: next_due_tried
select min(due_at)
from deliveries
where webhook_id = $1 and state = 'pending' and failure is not null
  and due_at > $2 and due_at <= $3 and +id > $4 and +id <= $5;

-- name: next_asked
-- When the receiver wants something again that it does not want yet.
select min(asked_until)
from deliveries
where webhook_id = $1 and state = 'pending' and failure is not null and asked_until > $2 and +id > $3;

-- name: parked_keys
-- Few rows wait for a retry; the index of those tried finds them. With the oldest of each conversation.
select order_key, min(id)
from deliveries
where webhook_id = $1 and state = 'pending' and failure is not null and due_at > $2 and +id > $3 and +id <= $4
  and order_key is not null
group by order_key;

-- name: load_delivery
select id, organization_id, webhook_id, event_id, state, reason, attempt_count, due_at, created_at, completed_at,
  (select type from events where events.id = event_id) as type
from deliveries
where id = $1;

-- name: exhausted_of_webhook
select id, organization_id, webhook_id, event_id, state, reason, attempt_count, due_at, created_at, completed_at,
  (select type from events where events.id = event_id) as type
from deliveries
where webhook_id = $1 and state = 'exhausted' and id < $2 and id >= $3
order by id desc;

-- name: deliveries_everywhere
select id, organization_id, webhook_id, event_id, state, reason, attempt_count, due_at, created_at, completed_at,
  (select type from events where events.id = event_id) as type
from deliveries
where id < $1 and id >= $2
order by id desc;

-- name: load_attempts
select number, started_at, duration_ms, status_code, error,
  request_headers, response_headers, response_body, truncated, reply_error
from attempts
where delivery_id = $1
order by number desc
limit $2;
