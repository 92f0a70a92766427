-- Connect: recorded refusals.

create schema connect;
grant usage on schema connect to pulse_app, pulse_pipeline;

create table connect.rejection (
  id         bigint generated always as identity primary key,
  tenant     bigint      not null,
  at         timestamptz not null,
  -- Key as the sender named it; a device of that name need not exist.
  device     text,
  code       text        not null,
  message    text        not null,
  topic      text,
  message_id text,
  source     text        not null,
  address    text,
  excerpt    text,
  -- Under a flood one row stands for this many alike.
  count      int         not null
);
create index rejection_tenant on connect.rejection (tenant, id desc);
create index rejection_device on connect.rejection (tenant, device, id desc);
create index rejection_at on connect.rejection using brin (at);

-- Exact counts per code and minute.
create table connect.rejection_count (
  tenant bigint      not null,
  code   text        not null,
  minute timestamptz not null,
  count  bigint      not null,
  primary key (tenant, code, minute)
);

alter table connect.rejection enable row level security;
create policy own_tenant on connect.rejection to pulse_app using (tenant = (select platform.tenant()));
create policy every_tenant on connect.rejection to pulse_pipeline using (true) with check (true);
grant select on connect.rejection to pulse_app;
grant select, insert, delete on connect.rejection to pulse_pipeline;

alter table connect.rejection_count enable row level security;
create policy own_tenant on connect.rejection_count to pulse_app using (tenant = (select platform.tenant()));
create policy every_tenant on connect.rejection_count to pulse_pipeline using (true) with check (true);
grant select on connect.rejection_count to pulse_app;
grant select, insert, update, delete on connect.rejection_count to pulse_pipeline;
