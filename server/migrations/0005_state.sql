-- State: heads (last message, latest metrics), presence, sessions of devices.

create schema state;
grant usage on schema state to pulse_app, pulse_pipeline;

-- Written behind, at most every 2 s per device; rebuilt from the messages past state.flush.
create table state.head (
  device           bigint      primary key,
  tenant           bigint      not null,
  last_received_at timestamptz not null,
  newest_ts        timestamptz not null,
  -- {name: [value, epoch ms]}
  metrics          jsonb       not null,
  status           jsonb,
  seq              bigint,
  messages         bigint      not null,
  gaps             bigint      not null,
  late             bigint      not null
) with (fillfactor = 70);

-- Everything received up to `through` in this lane is in the heads.
create table state.flush (
  lane    int         primary key,
  through timestamptz not null
);

-- The status of now, and the session; changed in the transaction of the transition.
create table state.presence (
  device       bigint      primary key,
  tenant       bigint      not null,
  status       text        not null,
  since        timestamptz not null,
  connected    boolean     not null default false,
  session_at   timestamptz,
  protocol     text,
  client_id    text,
  address      text
) with (fillfactor = 80);

-- Each transition of status.
create table state.transition (
  id     bigint generated always as identity primary key,
  tenant bigint      not null,
  device bigint      not null,
  at     timestamptz not null,
  status text        not null
);
create index transition_device on state.transition (device, at desc);
create index transition_tenant on state.transition (tenant, at desc);

alter table state.head enable row level security;
alter table state.presence enable row level security;
alter table state.transition enable row level security;
create policy own_tenant on state.head to pulse_app using (tenant = (select platform.tenant()));
create policy own_tenant on state.presence to pulse_app using (tenant = (select platform.tenant()));
create policy own_tenant on state.transition to pulse_app using (tenant = (select platform.tenant()));
create policy every_tenant on state.head to pulse_pipeline using (true) with check (true);
create policy every_tenant on state.presence to pulse_pipeline using (true) with check (true);
create policy every_tenant on state.transition to pulse_pipeline using (true) with check (true);
grant select on state.head, state.presence, state.transition to pulse_app;
grant select, insert, update on state.head, state.presence to pulse_pipeline;
grant select, insert, delete on state.transition to pulse_pipeline;
grant select, insert, update, delete on state.flush to pulse_pipeline;
