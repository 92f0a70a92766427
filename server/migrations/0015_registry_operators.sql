-- The life of a tenant, operators of the platform, and their stays in tenants.

-- `suspended` is what the data path and the HTTP shell go by: true while it is suspended or leaving.
alter table registry.tenant
  add column cell          text        not null default 'cell-1',
  add column suspended_for text,
  add column suspended_at  timestamptz,
  -- It is leaving: from then on it is deleted whole.
  add column delete_after  timestamptz,
  -- Rows deleted so far, by table: the deletion survives a restart, and tells at its end.
  add column removed       jsonb,
  add constraint tenant_suspended check (suspended or (suspended_for is null and delete_after is null));
-- What leaves in their name waits: the worker of deliveries passes them over.
create function registry.suspended_tenants() returns bigint[]
language sql stable set search_path = pg_catalog as $$
  select coalesce(array_agg(id), '{}') from registry.tenant where suspended
$$;
revoke all on function registry.suspended_tenants() from public;
grant execute on function registry.suspended_tenants() to pulse_pipeline;
create index tenant_leaving on registry.tenant (delete_after) where delete_after is not null;
grant update (suspended_for, suspended_at, delete_after) on registry.tenant to pulse_app;

-- Ids of tenants that were deleted whole: what a timer in memory still writes for one is swept.
-- Ids are never given twice.
create table registry.gone (
  id      bigint      primary key,
  gone_at timestamptz not null
);
alter table registry.gone enable row level security;

-- A tenant that is deleted whole is looked for by its id in every table.
create index head_tenant on state.head (tenant);
create index presence_tenant on state.presence (tenant);
create index subscription_tenant on connect.subscription (tenant);
create index outbound_tenant on connect.outbound (tenant);

-- What waits for a PUBREL names its session only.
create function connect.forget_inbound(p_tenant bigint) returns void
language sql set search_path = pg_catalog as $$
  delete from connect.inbound i using connect.session s where s.id = i.session and s.tenant = p_tenant
$$;
revoke all on function connect.forget_inbound(bigint) from public;

-- A limited stay of an operator in a tenant. It ends by the clock: nothing is written then.
create table registry.entering (
  tenant      bigint      not null default platform.tenant() references registry.tenant,
  id          text        not null collate "C",
  person      text        not null,
  -- How they were called then.
  person_name text        not null,
  reason      text        not null check (length(reason) >= 8),
  role        text        not null check (role in ('viewer', 'technician', 'engineer', 'admin')),
  began_at    timestamptz not null,
  until       timestamptz not null,
  ended_at    timestamptz,
  primary key (tenant, id),
  constraint entering_limited check (until > began_at and until <= began_at + interval '4 hours')
);
create index entering_tenant on registry.entering (tenant, began_at desc);
create index entering_person on registry.entering (person, until) where ended_at is null;
create index entering_began on registry.entering (began_at desc);
alter table registry.entering enable row level security;
create policy own_tenant on registry.entering to pulse_app
  using (tenant = (select platform.tenant())) with check (tenant = (select platform.tenant()));
grant select, insert, update (ended_at) on registry.entering to pulse_app;

-- Where an operator stays now. Nothing for one who is an operator no more, or inactive.
create function registry.enterings_of(p_person text, p_now timestamptz)
returns table (id text, tenant bigint, key text, name text, region text, suspended boolean,
               role text, reason text, until timestamptz)
language sql stable security definer set search_path = pg_catalog as $$
  select e.id, t.id, t.key, t.name, t.region, t.suspended, e.role, e.reason, e.until
    from registry.entering e
    join registry.tenant t on t.id = e.tenant
    join registry.person p on p.id = e.person
   where e.person = p_person and e.ended_at is null and e.began_at <= p_now and e.until > p_now
     and p.operator and p.active
   order by t.key
$$;

-- In which tenant an entering is, so that it can be ended there.
create function registry.entering_place(p_id text)
returns table (tenant bigint, person text)
language sql stable security definer set search_path = pg_catalog as $$
  select tenant, person from registry.entering where id = p_id
$$;

create function registry.operators()
returns table (person text, issuer text, username text, name text, email text, active boolean)
language sql stable security definer set search_path = pg_catalog as $$
  select id, issuer, username, name, email, active
    from registry.person where operator order by username, id
$$;

-- Makes somebody an operator, or no longer one: `done`, `unchanged`, `unknown`, `several` people of
-- that name, or `last`, since nobody could make another.
create function registry.set_operator(
  p_username text, p_issuer text, p_operator boolean, out person text, out outcome text)
language plpgsql security definer set search_path = pg_catalog as $$
declare
  found_people text[];
  was boolean;
begin
  perform pg_advisory_xact_lock(hashtext('registry.set_operator'));
  found_people := array(select p.id from registry.person p
                         where p.username = p_username and (p_issuer is null or p.issuer = p_issuer));
  outcome := case cardinality(found_people) when 0 then 'unknown' when 1 then null else 'several' end;
  if outcome is not null then return; end if;
  person := found_people[1];
  select p.operator into was from registry.person p where p.id = person;
  if was = p_operator then
    outcome := 'unchanged';
  elsif was and not exists (
      select 1 from registry.person p where p.operator and p.active and p.id <> set_operator.person) then
    outcome := 'last';
  else
    update registry.person p set operator = p_operator where p.id = set_operator.person;
    outcome := 'done';
  end if;
end $$;

revoke all on function registry.enterings_of(text, timestamptz), registry.entering_place(text),
                       registry.operators(), registry.set_operator(text, text, boolean) from public;
grant execute on function registry.enterings_of(text, timestamptz), registry.entering_place(text),
                          registry.operators(), registry.set_operator(text, text, boolean)
  to pulse_app;

-- What each module says of every tenant. Nobody may call these but the owner's own functions below.

create function registry.count_people()
returns table (tenant bigint, people int)
language sql stable set search_path = pg_catalog as $$
  select m.tenant, count(*)::int from registry.membership m group by m.tenant
$$;

-- Devices, those online, open alerts.
create function registry.count_devices(p_tenant bigint) returns int[]
language sql stable set search_path = pg_catalog as $$
  select array[count(*), count(*) filter (where status = 'online'),
               coalesce(sum(critical + warning + info), 0)]::int[]
    from registry.device_index where tenant = p_tenant
$$;

-- Refused messages since an instant.
create function connect.count_refused(p_tenant bigint, p_since timestamptz) returns int
language sql stable set search_path = pg_catalog as $$
  select coalesce(sum(count), 0)::int
    from connect.rejection_count where tenant = p_tenant and minute >= p_since
$$;

-- Rows per tenant in the hot store. A day of more than 200 pages is estimated from about 200 of
-- them, always the same while it does not grow.
create function stream.stored_by_tenant()
returns table (tenant bigint, stored bigint)
language plpgsql stable set search_path = pg_catalog as $$
declare
  leaf record;
  share float8;
begin
  for leaf in
    select c.relname, pg_relation_size(c.oid) / current_setting('block_size')::float8 as pages
      from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = 'stream.message'::regclass
  loop
    share := least(1, 200 / greatest(leaf.pages, 1));
    return query execute format(
      'select tenant, round(count(*) / %L::float8)::bigint from stream.%I %s group by tenant',
      share, leaf.relname,
      case when share < 1 then format('tablesample system (%s) repeatable (1)', 100 * share) else '' end);
  end loop;
end $$;

-- Dead letters, counted up to 10,000.
create function actions.count_dead(p_tenant bigint) returns int
language sql stable set search_path = pg_catalog as $$
  select count(*)::int
    from (select from actions.delivery where tenant = p_tenant and state = 'dead' limit 10000) dead
$$;

-- Of the newest minute: devices, those online, open alerts. Of the last five: stored messages a
-- second. Of the last 24 hours: stored messages by hour, the newest last. Nothing for a tenant of
-- which no minute of them tells.
create function fleet.figures(p_tenant bigint, p_now timestamptz)
returns table (tenant bigint, devices int, online int, alerts int, rate float8, by_hour bigint[])
language sql stable set search_path = pg_catalog as $$
  with hours as materialized (
    select h.tenant, floor(extract(epoch from p_now - h.at) / 3600)::int as ago,
           sum(h.messages)::bigint as messages
      from fleet.history h
     where h.at > p_now - interval '24 hours' and h.at <= p_now
       and (p_tenant is null or h.tenant = p_tenant)
     group by 1, 2
  ), day as (
    select n.tenant, array_agg(coalesce(h.messages, 0) order by s.ago desc) as by_hour
      from (select distinct hours.tenant from hours) n
     cross join generate_series(0, 23) as s (ago)
      left join hours h on h.tenant = n.tenant and h.ago = s.ago
     group by n.tenant
  ), minutes as (
    select h.tenant, (array_agg(h order by h.at desc))[1] as newest,
           sum(h.messages) / nullif(sum(h.seconds), 0) as rate
      from fleet.history h
     where h.at > p_now - interval '5 minutes' and h.at <= p_now
       and (p_tenant is null or h.tenant = p_tenant)
     group by h.tenant
  )
  select d.tenant, (m.newest).total, (m.newest).online, (m.newest).alerts, coalesce(m.rate, 0),
         d.by_hour
    from day d left join minutes m on m.tenant = d.tenant
$$;

-- An operator who looks across tenants leaves a row in the log of the platform. To look again within
-- ten minutes is the same act: a page that refreshes must not bury what else was done.
create function ops.note_look(p_by json, p_action text) returns void
language plpgsql set search_path = pg_catalog as $$
begin
  if p_by ->> 'actor' is null then
    raise exception 'nobody looks' using errcode = '42501';
  end if;
  if exists (select from platform.audit a
              where a.tenant = 0 and a.actor = p_by ->> 'actor' and a.action = p_action
                and a.at > clock_timestamp() - interval '10 minutes') then
    return;
  end if;
  perform platform.record_for_platform(json_build_object(
    'actor_kind', 'operator', 'actor', p_by ->> 'actor', 'actor_name', p_by ->> 'actorName',
    'action', p_action, 'subject', 'platform', 'request_id', p_by ->> 'requestId',
    'address', p_by ->> 'address'));
end $$;

-- The tenants as the operator's list shows them: all, or the one with this key.
create function ops.operator_tenants(p_by json, p_now timestamptz, p_key text)
returns table (key text, name text, region text, cell text, "createdAt" timestamptz,
               suspended boolean, "suspendedFor" text, "deleteAfter" timestamptz,
               "retentionDays" int, devices int, online int, people int, "openAlerts" int,
               "messagesPerSecond" float8, "messagesByHour" bigint[], "storedMessages" bigint,
               "deadLetters" int, "rejectionsLastHour" int)
language plpgsql security definer set search_path = pg_catalog as $$
declare
  wanted bigint;
begin
  perform ops.note_look(p_by, 'ops.tenants-seen');
  if p_key is not null then
    select t.id into wanted from registry.tenant t where t.key = p_key;
    if wanted is null then return; end if;
  end if;
  return query
    with stored as materialized (
      select s.tenant, sum(s.stored)::bigint as stored from stream.stored_by_tenant() s group by s.tenant
    ), figures as materialized (
      select * from fleet.figures(wanted, p_now)
    )
    select t.key, t.name, t.region, t.cell, t.created_at,
           t.suspended, t.suspended_for, t.delete_after, t.retention_days,
           coalesce(f.devices, d.counted[1]), coalesce(f.online, d.counted[2]),
           coalesce(p.people, 0), coalesce(f.alerts, d.counted[3]), coalesce(f.rate, 0),
           coalesce(f.by_hour, array_fill(0::bigint, array[24])), coalesce(s.stored, 0),
           actions.count_dead(t.id), connect.count_refused(t.id, p_now - interval '1 hour')
      from registry.tenant t
      left join registry.count_people() p on p.tenant = t.id
      left join stored s on s.tenant = t.id
      left join figures f on f.tenant = t.id
      -- Counted only where no minute has told yet.
     cross join lateral (
       select case when f.devices is null then registry.count_devices(t.id) end as counted) d
     where wanted is null or t.id = wanted
     order by t.key;
end $$;

-- Who entered which tenant and why, the newest first.
create function ops.operator_enterings(p_by json, p_limit int)
returns table (id text, tenant text, person text, "personName" text, reason text, role text,
               "beganAt" timestamptz, until timestamptz, "endedAt" timestamptz)
language plpgsql security definer set search_path = pg_catalog as $$
begin
  perform ops.note_look(p_by, 'ops.enterings-seen');
  return query
    select e.id, t.key, e.person, e.person_name, e.reason, e.role, e.began_at, e.until, e.ended_at
      from registry.entering e join registry.tenant t on t.id = e.tenant
     order by e.began_at desc limit p_limit;
end $$;

-- An export of a tenant, whole. Its archive lies in the data folder until it expires.
create table ops.tenant_export (
  tenant       bigint      not null default platform.tenant(),
  id           text        not null collate "C",
  state        text        not null check (state in ('queued', 'running', 'ready', 'failed')),
  requested_by text        not null,
  created_at   timestamptz not null,
  finished_at  timestamptz,
  expires_at   timestamptz,
  tables       int         not null default 0,
  tables_done  int         not null default 0,
  rows         bigint      not null default 0,
  bytes        bigint,
  sha256       text,
  error        text,
  primary key (tenant, id)
);
create unique index tenant_export_one on ops.tenant_export (tenant) where state in ('queued', 'running');
alter table ops.tenant_export enable row level security;
create policy own_tenant on ops.tenant_export to pulse_app
  using (tenant = (select platform.tenant())) with check (tenant = (select platform.tenant()));
grant select, insert, delete,
      update (state, finished_at, expires_at, tables, tables_done, rows, bytes, sha256, error)
  on ops.tenant_export to pulse_app;

-- Exports that a worker has to do, and those whose archive is to be deleted.
create function ops.exports_due(p_now timestamptz)
returns table (tenant bigint, id text, expired boolean)
language sql stable security definer set search_path = pg_catalog as $$
  select tenant, id, coalesce(expires_at <= p_now, false)
    from ops.tenant_export
   where state in ('queued', 'running') or expires_at <= p_now
   order by created_at
$$;

revoke all on function
  registry.count_people(), registry.count_devices(bigint), connect.count_refused(bigint, timestamptz),
  stream.stored_by_tenant(), actions.count_dead(bigint), fleet.figures(bigint, timestamptz),
  ops.note_look(json, text), ops.operator_tenants(json, timestamptz, text),
  ops.operator_enterings(json, int), ops.exports_due(timestamptz) from public;
grant usage on schema ops to pulse_operator;
grant execute on function ops.operator_tenants(json, timestamptz, text), ops.operator_enterings(json, int)
  to pulse_operator;
grant execute on function ops.exports_due(timestamptz) to pulse_app;
