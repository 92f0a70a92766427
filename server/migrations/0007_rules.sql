-- Rules: documents and their versions, the state of what is not quiet, alerts and their story.

create schema rules;
grant usage on schema rules to pulse_app, pulse_pipeline;

-- A version never changes, but for being the one in use.
create table rules.rule (
  tenant     bigint      not null default platform.tenant(),
  key        text        not null,
  version    int         not null check (version > 0),
  document   jsonb       not null,
  active     boolean     not null,
  created_at timestamptz not null,
  primary key (tenant, key, version)
);
create unique index rule_active on rules.rule (tenant, key) where active;
alter table rules.rule enable row level security;
create policy own_tenant on rules.rule to pulse_app
  using (tenant = (select platform.tenant())) with check (tenant = (select platform.tenant()));
create policy every_tenant on rules.rule for select to pulse_pipeline using (true);
grant select, insert, update (active) on rules.rule to pulse_app;
grant select on rules.rule to pulse_pipeline;

-- A row per rule and device only while they are not in the initial state.
create table rules.state (
  tenant       bigint  not null,
  rule         text    not null,
  device       bigint  not null,
  phase        text    not null check (phase in ('pending', 'open', 'clearing')),
  -- Epoch milliseconds, as the engine has them.
  since        bigint  not null,
  due_at       bigint,
  armed_values json,
  acknowledged boolean not null,
  alert        text,
  -- Steps that no alert has yet.
  story        json    not null,
  primary key (tenant, rule, device)
) with (fillfactor = 80);
alter table rules.state enable row level security;
create policy own_tenant on rules.state to pulse_app using (tenant = (select platform.tenant()));
create policy every_tenant on rules.state to pulse_pipeline using (true) with check (true);
grant select on rules.state to pulse_app;
grant select, insert, update, delete on rules.state to pulse_pipeline;

create table rules.alert (
  tenant          bigint      not null,
  id              text        not null collate "C",
  rule            text        not null,
  rule_version    int         not null,
  title           text        not null,
  severity        text        not null check (severity in ('info', 'warning', 'critical')),
  device          bigint      not null,
  -- As they were when it opened.
  device_key      text        not null,
  device_name     text        not null,
  site            text,
  opened_at       timestamptz not null,
  reason          text        not null,
  values          json        not null,
  acknowledged_at timestamptz,
  acknowledged_by text,
  cleared_at      timestamptz,
  clear_reason    text,
  primary key (tenant, id)
);
create unique index alert_one_open on rules.alert (tenant, rule, device) where cleared_at is null;
create index alert_tenant on rules.alert (tenant, opened_at desc, id desc);
create index alert_cleared on rules.alert (tenant, cleared_at);
create index alert_device on rules.alert (tenant, device_key, opened_at desc);
create index alert_rule on rules.alert (tenant, rule, device, opened_at desc);
alter table rules.alert enable row level security;
create policy own_tenant on rules.alert to pulse_app using (tenant = (select platform.tenant()));
create policy every_tenant on rules.alert to pulse_pipeline using (true) with check (true);
grant select on rules.alert to pulse_app;
grant select, insert, update (acknowledged_at, acknowledged_by, cleared_at, clear_reason)
  on rules.alert to pulse_pipeline;

-- The story of an alert: one row per transition of its rule, in order.
create table rules.alert_step (
  id     bigint generated always as identity primary key,
  tenant bigint not null,
  alert  text   not null collate "C",
  step   json   not null,
  foreign key (tenant, alert) references rules.alert on delete cascade
);
create index alert_step_alert on rules.alert_step (tenant, alert, id);
alter table rules.alert_step enable row level security;
create policy own_tenant on rules.alert_step to pulse_app using (tenant = (select platform.tenant()));
create policy every_tenant on rules.alert_step to pulse_pipeline using (true) with check (true);
grant select on rules.alert_step to pulse_app;
grant select, insert on rules.alert_step to pulse_pipeline;

-- An acknowledgement goes through the pipeline, and is audited in the transaction that makes it.
grant insert on platform.audit to pulse_pipeline;
create policy every_tenant on platform.audit for insert to pulse_pipeline with check (true);
