-- Platform: the tenant setting, outbox, audit. Roles exist before (platform/bootstrap.ts).

grant usage on schema platform to pulse_app, pulse_pipeline, pulse_operator;

-- The tenant of this transaction. Raises rather than returning null: on a pooled connection an
-- unset setting reads '' and must never match rows, nor default a column.
create function platform.tenant() returns bigint
language plpgsql stable parallel safe set search_path = pg_catalog as $$
declare
  setting text := current_setting('pulse.tenant', true);
begin
  if setting is null or setting = '' then
    raise exception 'no tenant is set on this connection' using errcode = 'PT001';
  end if;
  return setting::bigint;
end $$;
revoke all on function platform.tenant() from public;
grant execute on function platform.tenant() to pulse_app, pulse_pipeline, pulse_operator;

create table platform.outbox (
  id       text        primary key,
  tenant   bigint      not null,
  type     text        not null,
  subject  text        not null,
  at       timestamptz not null,
  data     jsonb       not null,
  -- Given by the relay in commit order; null until then.
  position bigint      unique
);
create index outbox_unplaced on platform.outbox (at) where position is null;
create index outbox_tenant on platform.outbox (tenant, type, at desc);
create sequence platform.outbox_position;

alter table platform.outbox enable row level security;
create policy own_tenant on platform.outbox to pulse_app
  using (tenant = (select platform.tenant())) with check (tenant = (select platform.tenant()));
create policy every_tenant on platform.outbox to pulse_pipeline using (true) with check (true);
grant select, insert on platform.outbox to pulse_app;
grant select, insert, update (position), delete on platform.outbox to pulse_pipeline;
grant usage on sequence platform.outbox_position to pulse_pipeline;

create table platform.audit (
  id         bigint generated always as identity primary key,
  tenant     bigint      not null default platform.tenant(),
  at         timestamptz not null default clock_timestamp(),
  actor_kind text        not null,
  actor      text        not null,
  action     text        not null,
  subject    text        not null,
  before     jsonb,
  after      jsonb,
  request_id text,
  address    text
);
create index audit_tenant on platform.audit (tenant, id desc);
alter table platform.audit enable row level security;
create policy own_tenant on platform.audit to pulse_app
  using (tenant = (select platform.tenant())) with check (tenant = (select platform.tenant()));
-- Rows are written and read, never changed: no update and no delete for anyone but the owner.
grant select, insert on platform.audit to pulse_app;

create table platform.idempotency (
  tenant     bigint      not null default platform.tenant(),
  key        text        not null,
  -- Hash of method, path and body: the same key with another request is a conflict.
  request    text        not null,
  status     int         not null,
  body       text        not null,
  created_at timestamptz not null default now(),
  primary key (tenant, key)
);
alter table platform.idempotency enable row level security;
create policy own_tenant on platform.idempotency to pulse_app
  using (tenant = (select platform.tenant())) with check (tenant = (select platform.tenant()));
grant select, insert on platform.idempotency to pulse_app;

-- When the pipeline was seen alive: a gap between two rows is an outage of Pulse itself.
create table platform.outage (
  began_at timestamptz primary key,
  ended_at timestamptz not null
);
create table platform.heartbeat (
  only_row boolean primary key default true check (only_row),
  at       timestamptz not null
);
grant select, insert on platform.outage to pulse_pipeline;
grant select on platform.outage to pulse_app;
grant select, insert, update on platform.heartbeat to pulse_pipeline;
