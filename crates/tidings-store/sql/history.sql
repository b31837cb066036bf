-- name: note_settings
-- Only what is new.
insert into settings_history (position, kind, id, document)
select $3, $1, $2, $4
where $4 is not (
  select document from settings_history where kind = $1 and id = $2 order by position desc limit 1
);

-- name: settings_at
select document
from settings_history
where kind = $1 and id = $2 and position < $3
order by position desc
limit 1;

-- name: walk_history
select max(position), count(*)
from (select position from settings_history where position > $1 and position < $2 order by position limit $3);

-- name: prune_history
-- What an event that is kept still may ask for stays: of each noun the newest before the cut.
delete from settings_history
where position > $1 and position <= $2 and exists (
  select 1 from settings_history as newer
  where newer.kind = settings_history.kind and newer.id = settings_history.id
    and newer.position > settings_history.position and newer.position < $3
);

-- name: forget_settings
delete from settings_history
where kind = $1 and id = $2;

-- name: put_stats
insert into stats (webhook_id, minute, tally)
values ($1, $2, $3)
on conflict do nothing;

-- name: load_stats
select tally
from stats
where webhook_id = $1 and minute >= $2 and minute < $3
order by minute;

-- name: prune_stats
delete from stats
where rowid in (select rowid from stats where minute < $1 limit $2);

-- name: delete_stats_of
delete from stats
where rowid in (select rowid from stats where webhook_id = $1 limit $2);
