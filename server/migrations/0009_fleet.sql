-- Fleet: what the overview draws of the past.

create schema fleet;
grant usage on schema fleet to pulse_app, pulse_pipeline;

-- One row a minute and tenant, kept for some days. Counts of events are those since the row before.
create table fleet.history (
  tenant    bigint      not null,
  at        timestamptz not null,
  -- How long this row tells of, seconds; a gap in the rows is a time when Pulse was away.
  seconds   real        not null,
  online    int         not null,
  total     int         not null,
  alerts    int         not null,
  messages  bigint      not null,
  refused   bigint      not null,
  settled   int         not null,
  succeeded int         not null,
  primary key (tenant, at)
);
create index history_at on fleet.history (at);
alter table fleet.history enable row level security;
create policy own_tenant on fleet.history to pulse_app
  using (tenant = (select platform.tenant())) with check (tenant = (select platform.tenant()));
create policy every_tenant on fleet.history to pulse_pipeline using (true) with check (true);
grant select on fleet.history to pulse_app;
grant select, insert, delete on fleet.history to pulse_pipeline;
