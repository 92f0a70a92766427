-- Connect: MQTT sessions that outlive their connection, what they wait for, and commands.

create table connect.session (
  id           bigint generated always as identity primary key,
  tenant       bigint      not null,
  device       bigint      not null,
  client_id    text        not null,
  -- Level of the protocol: 4 is MQTT 3.1.1.
  protocol     smallint    not null,
  expiry_s     int         not null,
  connected_at timestamptz not null,
  -- Null while it is connected.
  expires_at   timestamptz,
  unique (tenant, device, client_id)
);
create index session_device on connect.session (device);
create index session_expiry on connect.session (expires_at) where expires_at is not null;

create table connect.subscription (
  tenant     bigint   not null,
  session    bigint   not null references connect.session on delete cascade,
  -- Relative to the device's prefix; `short` when it was written as ~/….
  filter     text     not null,
  short      boolean  not null,
  qos        smallint not null,
  identifier int,
  primary key (session, filter, short)
);

-- QoS 2: packet ids whose message is stored and whose PUBREL has not come. No foreign key: the
-- row is written with the message, whose session may have been ended meanwhile.
create table connect.inbound (
  session   bigint not null,
  packet_id int    not null,
  primary key (session, packet_id)
);

-- What waits for a device or for its acknowledgement, in the order of its id.
create table connect.outbound (
  id         bigint generated always as identity primary key,
  tenant     bigint      not null default platform.tenant(),
  device     bigint      not null,
  -- Null: for whichever session of the device subscribes first.
  session    bigint,
  channel    text        not null,
  payload    bytea       not null,
  qos        smallint    not null check (qos in (0, 1)),
  expires_at timestamptz not null,
  command    text,
  -- Under which packet id the session was sent it; with one, it is sent again as a duplicate.
  packet_id  int
);
create index outbound_device on connect.outbound (device, id);
create index outbound_session on connect.outbound (session) where session is not null;
create index outbound_expiry on connect.outbound (expires_at);

create table connect.command (
  id              text        not null,
  tenant          bigint      not null default platform.tenant(),
  device          bigint      not null,
  device_key      text        not null,
  name            text        not null,
  payload         json,
  state           text        not null default 'queued'
                  check (state in ('queued', 'sent', 'acknowledged', 'answered', 'expired')),
  created_at      timestamptz not null,
  expires_at      timestamptz not null,
  sent_at         timestamptz,
  acknowledged_at timestamptz,
  answered_at     timestamptz,
  result          json,
  primary key (tenant, id)
);
create index command_device on connect.command (tenant, device, id desc);
create index command_expiry on connect.command (expires_at) where state in ('queued', 'sent');

alter table connect.session enable row level security;
create policy own_tenant on connect.session to pulse_app using (tenant = (select platform.tenant()));
create policy every_tenant on connect.session to pulse_pipeline using (true) with check (true);
grant select on connect.session to pulse_app;
grant select, insert, update, delete on connect.session to pulse_pipeline;

alter table connect.subscription enable row level security;
create policy own_tenant on connect.subscription to pulse_app
  using (tenant = (select platform.tenant()));
create policy every_tenant on connect.subscription to pulse_pipeline using (true) with check (true);
grant select on connect.subscription to pulse_app;
grant select, insert, update, delete on connect.subscription to pulse_pipeline;

alter table connect.inbound enable row level security;
create policy every_tenant on connect.inbound to pulse_pipeline using (true) with check (true);
grant select, insert, delete on connect.inbound to pulse_pipeline;

alter table connect.outbound enable row level security;
create policy own_tenant on connect.outbound to pulse_app
  using (tenant = (select platform.tenant())) with check (tenant = (select platform.tenant()));
create policy every_tenant on connect.outbound to pulse_pipeline using (true) with check (true);
grant select, insert on connect.outbound to pulse_app;
grant select, insert, update (session, packet_id), delete on connect.outbound to pulse_pipeline;

alter table connect.command enable row level security;
create policy own_tenant on connect.command to pulse_app
  using (tenant = (select platform.tenant())) with check (tenant = (select platform.tenant()));
create policy every_tenant on connect.command to pulse_pipeline using (true) with check (true);
grant select, insert on connect.command to pulse_app;
grant select, update (state, sent_at, acknowledged_at, answered_at, result)
  on connect.command to pulse_pipeline;
