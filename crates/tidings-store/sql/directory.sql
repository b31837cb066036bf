-- name: load_directory
select kind, organization_id, id, version, document
from directory
order by id;

-- name: put_noun
insert into directory (organization_id, kind, id, version, document)
values ($1, $2, $3, $4, $5)
on conflict (organization_id, kind, id) do update set version = excluded.version, document = excluded.document;

-- name: delete_noun
delete from directory
where organization_id = $1 and kind = $2 and id = $3;

-- name: load_health
select webhook_id, document
from webhook_health;

-- name: load_health_changes
select id, document
from health_changes
order by id;

-- name: count_owed
select webhook_id, count(*)
from deliveries
where state = 'pending' and failure is null
group by webhook_id
union all
select webhook_id, count(*)
from deliveries
where state = 'pending' and failure is not null
group by webhook_id;

-- name: count_owed_after
select
  (select count(*) from deliveries
    where webhook_id = $1 and state = 'pending' and failure is null and +id > $2)
  + (select count(*) from deliveries
    where webhook_id = $1 and state = 'pending' and failure is not null and +id > $2);

-- name: put_health
insert into webhook_health (webhook_id, document)
values ($1, $2)
on conflict (webhook_id) do update set document = excluded.document;

-- name: delete_health
delete from webhook_health
where webhook_id = $1;

-- name: put_health_changes
insert into health_changes (id, document)
values ($1, $2);

-- name: delete_health_changes
delete from health_changes
where id <= $1;

-- name: put_answer
insert into answers (scope, body, status, answer, created_at)
values ($1, $2, $3, $4, $5)
on conflict (scope) do update
set body = excluded.body, status = excluded.status, answer = excluded.answer, created_at = excluded.created_at;

-- name: load_answer
select body, status, answer
from answers
where scope = $1 and created_at > $2;

-- name: load_sealed_answers
select scope, answer
from answers
where substr(answer, 1, 7) = 'sealed:' and created_at > $1;

-- name: reseal_answer
update answers
set answer = $2
where scope = $1;

-- name: forget_answers
delete from answers
where scope in (select scope from answers where created_at <= $1 limit $2);
