-- Nouns kept in memory by every node: organizations, keys, webhooks, event types.
create table directory (
  organization_id bigint not null,
  kind text not null check (kind in ('organization', 'api_key', 'webhook', 'event_type')),
  id bigint not null,
  version bigint not null,
  document text not null,
  primary key (organization_id, kind, id)
) without rowid;

-- Running counters of a webhook, but for what changed since they were last collected.
create table webhook_health (
  webhook_id bigint not null primary key,
  document text not null
) without rowid;

-- What changed of them: a row per commit, with all webhooks that it touched as they stand after it.
create table health_changes (
  id integer not null primary key,
  document text not null
);

create table events (
  id integer not null primary key,
  organization_id bigint not null,
  type text not null,
  version bigint not null,
  occurred_at text,
  external_id text,
  ordering_key text,
  sequence bigint,
  actor text,
  -- Null once it is erased.
  data text,
  created_at bigint not null,
  traceparent text
);
create unique index events_by_external_id on events (organization_id, external_id) where external_id is not null;

-- The last number given within a conversation.
create table sequences (
  organization_id bigint not null,
  conversation text not null,
  last bigint not null,
  primary key (organization_id, conversation)
) without rowid;

create table deliveries (
  id integer not null primary key,
  organization_id bigint not null,
  webhook_id bigint not null,
  event_id bigint not null,
  -- Not `in (…)`: SQLite would build a table of the words for each row.
  state text not null check (state = 'pending' or state = 'succeeded' or state = 'exhausted' or state = 'discarded'),
  reason text check (reason = 'expired' or reason = 'requested' or reason = 'erased'),
  order_key bigint,
  attempt_count bigint not null,
  tries bigint not null,
  due_at bigint not null,
  -- The last attempt of the present schedule failed as this one of its webhook's; null before the first.
  failure bigint,
  -- Before when the receiver does not want it again (Retry-After).
  asked_until bigint,
  -- When it became due again after it was settled; null when it never was.
  due_since bigint,
  first_attempt_at bigint,
  created_at bigint not null,
  completed_at bigint,
  replay_id bigint
);
-- What was never tried is apart from what was, so that a failing lane finds it among a million.
create index deliveries_fresh on deliveries (webhook_id, due_at, id) where state = 'pending' and failure is null;
create index deliveries_tried on deliveries (webhook_id, due_at, id) where state = 'pending' and failure is not null;
create index deliveries_exhausted on deliveries (webhook_id, id) where state = 'exhausted';
-- For lanes that keep an order only.
create index deliveries_ordered on deliveries (webhook_id, id, order_key) where state = 'pending' and order_key is not null;

-- By event, whatever their webhook was owed before; what a publish owes follows its event in the table.
create index deliveries_replayed on deliveries (event_id, webhook_id, id) where replay_id is not null;
create index deliveries_of_replay on deliveries (replay_id, state) where replay_id is not null;
create index deliveries_failed on deliveries (webhook_id, event_id) where state = 'exhausted';

-- The events of each organization and the deliveries of each webhook; the keys of all four are of one source.
-- Those of the newest rows are put in later, many at once and in order.
create table places (
  owner bigint not null,
  id bigint not null,
  primary key (owner, id)
) without rowid;

-- Up to which row all entries are in their tables, of those that are put in later; a start puts in the rest.
create table in_place (
  entries text not null primary key,
  through bigint not null
) without rowid;
insert into in_place (entries, through) values ('places', 0), ('words', 0);

create table attempts (
  delivery_id bigint not null,
  number bigint not null,
  started_at bigint not null,
  duration_ms bigint not null,
  status_code bigint,
  error text,
  request_headers text not null,
  response_headers text not null,
  response_body blob not null,
  truncated bigint not null,
  reply_error text,
  -- With row ids: rows are long, and a table takes long rows at its end for less than an index does.
  primary key (delivery_id, number)
);

-- What requests with an idempotency key were answered.
create table answers (
  scope blob not null primary key,
  body blob not null,
  status bigint not null,
  answer text not null,
  created_at bigint not null
) without rowid;
create index answers_by_age on answers (created_at);
-- Few; looked at when the store is opened, perhaps with another secrets key.
create index answers_sealed on answers (created_at) where substr(answer, 1, 7) = 'sealed:';

-- Webhooks that are gone; their deliveries follow in small steps.
create table leavings (
  webhook_id bigint not null primary key
) without rowid;

-- What the conversation core keeps, all kinds alike; keys are unique over all kinds.
create table records (
  id integer not null primary key,
  kind text not null,
  organization_id bigint not null,
  version bigint not null,
  updated_at bigint not null,
  wake_at bigint,
  document text not null
);
create index records_by_organization on records (organization_id, kind, id);
create index records_to_wake on records (wake_at, id) where wake_at is not null;

-- What moves with each event about a record that counts them: a few bytes each, so that a commit that
-- goes on with many records writes few pages, and none of the long rows.
create table record_progress (
  id integer not null primary key,
  sequence bigint not null,
  updated_at bigint not null
);

-- Records that were merged into others; a survivor is always one of `records`.
create table record_forwards (
  id integer not null primary key,
  survivor bigint not null
);
create index record_forwards_by_survivor on record_forwards (survivor);

-- Words that find one record. Those of the newest records are put in later; their documents say them.
create table record_keys (
  organization_id bigint not null,
  kind text not null,
  word text not null,
  record_id bigint not null,
  primary key (organization_id, kind, word)
) without rowid;

-- Words that list many records; put in later likewise.
create table record_marks (
  organization_id bigint not null,
  kind text not null,
  word text not null,
  record_id bigint not null,
  primary key (organization_id, kind, word, record_id)
) without rowid;

-- What webhooks are owed anew; one at a time for each.
create table replays (
  id integer not null primary key,
  organization_id bigint not null,
  webhook_id bigint not null,
  status text not null check (status in ('running', 'completed', 'canceled')),
  selection text not null,
  through bigint not null,
  position bigint not null,
  count bigint not null,
  owed bigint not null,
  created_at bigint not null,
  completed_at bigint
);
create unique index replays_running on replays (webhook_id) where status = 'running';
create index replays_by_webhook on replays (webhook_id);

-- Contacts whose payload is being removed from events; the id is a key of the time it began at.
create table erasures (
  id integer not null primary key,
  organization_id bigint not null,
  contact text not null,
  position bigint not null
);
create index erasures_of_organization on erasures (organization_id, position, id);

-- What decided who heard an event: append-only, a row whenever it changes.
create table settings_history (
  position integer not null primary key,
  kind text not null check (kind in ('organization', 'webhook')),
  id bigint not null,
  document text not null
);
create index settings_history_of on settings_history (kind, id, position);

-- What a webhook's attempts came to, by the minute; the present minute is part of its health.
create table stats (
  webhook_id bigint not null,
  minute bigint not null,
  tally text not null,
  primary key (webhook_id, minute)
);
create index stats_by_age on stats (minute);
