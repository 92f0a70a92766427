-- Actions: destinations, deliveries and their attempts. The queue is the table of deliveries.

create schema actions;
grant usage on schema actions to pulse_app, pulse_pipeline;

create table actions.destination (
  tenant          bigint      not null default platform.tenant(),
  key             text        not null collate "C",
  name            text        not null,
  kind            text        not null check (kind = 'webhook'),
  url             text        not null,
  -- Standard Webhooks, `whsec_…`.
  secret          text        not null,
  private_allowed boolean     not null default false,
  created_at      timestamptz not null,
  primary key (tenant, key)
);
alter table actions.destination enable row level security;
create policy own_tenant on actions.destination to pulse_app
  using (tenant = (select platform.tenant())) with check (tenant = (select platform.tenant()));
create policy every_tenant on actions.destination for select to pulse_pipeline using (true);
-- Requests write the secret and cannot read it back: only the worker signs.
grant select (tenant, key, name, kind, url, private_allowed, created_at), insert,
      update (name, url, private_allowed) on actions.destination to pulse_app;
grant select on actions.destination to pulse_pipeline;

create table actions.delivery (
  tenant           bigint      not null,
  -- The `webhook-id`: the same over every attempt and replay.
  id               text        not null collate "C",
  -- Order of queueing; later deliveries of an alert to a destination wait for earlier ones.
  seq              bigint      generated always as identity unique,
  -- No foreign key: a rule may name a destination that is not there, and that must be seen.
  destination      text        not null collate "C",
  alert            text        not null collate "C",
  event            text        not null,
  device           text        not null collate "C",
  title            text        not null,
  -- The exact bytes that are signed and sent.
  body             text        not null,
  state            text        not null check (state in ('queued', 'retrying', 'delivered', 'dead')),
  attempts         int         not null default 0,
  -- It dies when `attempts` reaches this; a replay allows as many again.
  attempts_allowed int         not null,
  created_at       timestamptz not null,
  next_attempt_at  timestamptz,
  settled_at       timestamptz,
  replayed_at      timestamptz,
  last_status      int,
  last_error       text,
  -- The lease of the worker that is sending it.
  claimed_by       text,
  locked_until     timestamptz,
  primary key (tenant, id),
  -- An alert opens once and clears once.
  unique (tenant, alert, event, destination),
  check ((settled_at is null) = (state in ('queued', 'retrying'))),
  check ((next_attempt_at is null) = (settled_at is not null))
) with (fillfactor = 80);
create index delivery_due on actions.delivery (tenant, destination, next_attempt_at, seq)
  where settled_at is null;
create index delivery_order on actions.delivery (tenant, destination, alert, seq)
  where settled_at is null;
create index delivery_tenant on actions.delivery (tenant, seq desc);
create index delivery_state on actions.delivery (tenant, state, seq desc);
create index delivery_device on actions.delivery (tenant, device, created_at);
create index delivery_settled on actions.delivery (tenant, settled_at) where settled_at is not null;
alter table actions.delivery enable row level security;
create policy own_tenant on actions.delivery to pulse_app
  using (tenant = (select platform.tenant())) with check (tenant = (select platform.tenant()));
create policy every_tenant on actions.delivery to pulse_pipeline using (true) with check (true);
-- Requests replay, and nothing else.
grant select, update (state, attempts_allowed, next_attempt_at, settled_at, replayed_at)
  on actions.delivery to pulse_app;
grant select, insert, update on actions.delivery to pulse_pipeline;

create table actions.attempt (
  tenant   bigint      not null,
  delivery text        not null collate "C",
  number   int         not null,
  at       timestamptz not null,
  took_ms  float8      not null,
  status   int,
  error    text,
  response text,
  primary key (tenant, delivery, number),
  foreign key (tenant, delivery) references actions.delivery on delete cascade
);
alter table actions.attempt enable row level security;
create policy own_tenant on actions.attempt to pulse_app using (tenant = (select platform.tenant()));
create policy every_tenant on actions.attempt to pulse_pipeline using (true) with check (true);
grant select on actions.attempt to pulse_app;
grant select, insert on actions.attempt to pulse_pipeline;
