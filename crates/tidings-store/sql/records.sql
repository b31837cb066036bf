-- name: load_record
-- The record itself, or the one it was merged into.
select organization_id, records.id, document, record_progress.sequence, record_progress.updated_at
from records
left join record_progress on record_progress.id = records.id
where records.id = coalesce((select survivor from record_forwards where record_forwards.id = $1), $1) and kind = $2;

-- name: organization_of_record
select organization_id
from records
where id = coalesce((select survivor from record_forwards where record_forwards.id = $1), $1) and kind = $2;

-- name: find_record
select records.organization_id, records.id, document, record_progress.sequence, record_progress.updated_at
from record_keys
join records on records.id = record_id
left join record_progress on record_progress.id = record_id
where record_keys.organization_id = $1 and record_keys.kind = $2 and word = $3;

-- name: marked_records
select record_id
from record_marks
where organization_id = $1 and kind = $2 and word = $3
order by record_id;

-- name: merged_records
select id
from record_forwards
where survivor = $1;

-- name: put_record
insert into records (id, kind, organization_id, version, updated_at, wake_at, document)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (id) do update
set version = excluded.version, updated_at = excluded.updated_at, wake_at = excluded.wake_at,
  document = excluded.document;

-- name: delete_record
delete from records
where id = $1;

-- name: put_record_progress
insert into record_progress (id, sequence, updated_at)
values ($1, $2, $3)
on conflict (id) do update
set sequence = excluded.sequence, updated_at = excluded.updated_at;

-- name: delete_record_progress
delete from record_progress
where id = $1;

-- name: put_forward
insert into record_forwards (id, survivor)
values ($1, $2);

-- name: move_forwards
-- No forward leads to another.
update record_forwards
set survivor = $2
where survivor = $1;

-- name: delete_forwards
delete from record_forwards
where survivor = $1;

-- name: put_record_key
insert into record_keys (organization_id, kind, word, record_id)
values ($1, $2, $3, $4)
on conflict (organization_id, kind, word) do nothing;

-- name: delete_record_key
delete from record_keys
where organization_id = $1 and kind = $2 and word = $3 and record_id = $4;

-- name: put_record_mark
insert into record_marks (organization_id, kind, word, record_id)
values ($1, $2, $3, $4)
on conflict (organization_id, kind, word, record_id) do nothing;

-- name: delete_record_mark
delete from record_marks
where organization_id = $1 and kind = $2 and word = $3 and record_id = $4;

-- name: records_after
select id, organization_id, kind, document
from records
where id > $1
order by id;

-- name: any_record
-- Of a kind that callers see; $2 are the others.
select 1
from records
where organization_id = $1 and kind not in (select value from json_each($2))
limit 1;

-- name: delete_records_of_organization
delete from records
where organization_id = $1;

-- name: delete_record_keys_of_organization
delete from record_keys
where organization_id = $1;

-- name: last_record_key
select max(id)
from (
  select max(id) as id from records
  union all
  select max(id) from record_forwards
);

-- name: next_wake
select min(wake_at)
from records
where wake_at is not null;

-- name: records_to_wake
select id, organization_id, kind
from records
where wake_at <= $1
order by wake_at, id
limit $2;

-- name: record_to_wake
select id, organization_id, kind
from records
where id = $1 and wake_at <= $2;

-- name: postpone_wake
-- Unless it is to be woken at another time by now.
update records
set wake_at = $3
where id = $1 and wake_at <= $2;

-- name: keys_of_records
select id
from records
where organization_id = $1 and kind = $2 and id < $3
order by id desc;

-- name: keys_of_records_everywhere
-- Of every organization and kind, which are told, so that all others are counted as looked at.
select id, organization_id, kind
from records
where id < $1
order by id desc;

-- name: keys_of_marked_records
select record_id
from record_marks
where organization_id = $1 and kind = $2 and word = $3 and record_id < $4
order by record_id desc;

-- name: is_marked
select 1
from record_marks
where organization_id = $1 and kind = $2 and word = $3 and record_id = $4;

-- name: has_changed_since
select 1
from records
where id = $1
  and coalesce((select updated_at from record_progress where record_progress.id = records.id), updated_at) >= $2;
