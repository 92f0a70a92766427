-- Stream: every point, event and status, partitioned by the day on which it was measured.

create schema stream;
grant usage on schema stream to pulse_app, pulse_pipeline;

create table stream.message (
  tenant      bigint      not null,
  device      bigint      not null,
  ts          timestamptz not null,
  id          text        collate "C" not null,
  -- t telemetry, e event, s status
  kind        "char"      not null,
  received_at timestamptz not null,
  data        json        not null,
  extra       json,
  -- The ledger of duplicates: identity is device, id and ts (ADR 0006).
  primary key (device, ts, id)
) partition by range (ts);

alter table stream.message enable row level security;
create policy own_tenant on stream.message to pulse_app using (tenant = (select platform.tenant()));
create policy every_tenant on stream.message to pulse_pipeline using (true) with check (true);
grant select on stream.message to pulse_app;
grant select, insert on stream.message to pulse_pipeline;

-- Creates the partition of a day when it is missing. Made apart, then attached, so that inserts
-- into the others are not held up. Leaves grant nothing and have row-level security of their own.
create function stream.ensure_day(day date) returns void
language plpgsql set search_path = pg_catalog as $$
declare
  leaf text := 'message_' || to_char(day, 'YYYYMMDD');
begin
  perform pg_advisory_xact_lock(hashtext('stream.ensure_day'));
  if to_regclass('stream.' || leaf) is not null then
    return;
  end if;
  execute format(
    'create table stream.%1$I (like stream.message including defaults including constraints,
       constraint %2$I check (ts >= %3$L::timestamptz and ts < %4$L::timestamptz))
     with (autovacuum_vacuum_insert_scale_factor = 0.5)',
    leaf, leaf || '_day', day::timestamp at time zone 'UTC', (day + 1)::timestamp at time zone 'UTC');
  execute format('alter table stream.%I enable row level security', leaf);
  execute format('alter table stream.%I add primary key (device, ts, id)', leaf);
  execute format('create index on stream.%I using brin (received_at) with (pages_per_range = 32)', leaf);
  execute format('alter table stream.message attach partition stream.%I for values from (%L) to (%L)',
    leaf, day::timestamp at time zone 'UTC', (day + 1)::timestamp at time zone 'UTC');
end $$;
revoke all on function stream.ensure_day(date) from public;
