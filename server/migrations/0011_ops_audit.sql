-- Ops: the audit log is written once, and sealed into a hash chain for each tenant.

create schema ops;
grant usage on schema ops to pulse_app, pulse_sealer;
grant usage on schema platform to pulse_sealer;

-- How the actor was called when they acted: names change, and people leave.
alter table platform.audit add column actor_name text;
alter table platform.audit add constraint audit_actor_kind
  check (actor_kind in ('person', 'key', 'operator', 'system', 'device'));
create index audit_actor on platform.audit (tenant, actor, id desc);
create index audit_subject on platform.audit (tenant, subject, id desc);

-- Tenant 0 is the platform itself: no request reads it, whatever tenant it sets.
drop policy own_tenant on platform.audit;
create policy own_tenant on platform.audit to pulse_app
  using (tenant = (select platform.tenant()) and tenant <> 0)
  with check (tenant = (select platform.tenant()) and tenant <> 0);

-- An act that belongs to no tenant: of an operator, of a person who has none.
create function platform.record_for_platform(p_row json) returns void
language sql security definer set search_path = pg_catalog as $$
  insert into platform.audit (tenant, actor_kind, actor, actor_name, action, subject, before, after,
                              request_id, address)
  select 0, actor_kind, actor, actor_name, action, subject, before::jsonb, after::jsonb,
         request_id, address
    from json_to_record(p_row)
         as r(actor_kind text, actor text, actor_name text, action text, subject text,
              before text, after text, request_id text, address text)
$$;
revoke all on function platform.record_for_platform(json) from public;
grant execute on function platform.record_for_platform(json) to pulse_app, pulse_operator;

-- Rows that wait for their seal. A row gets here in its own transaction, so it can neither be
-- forgotten nor sealed before it is committed; what has no seal and does not wait was smuggled in.
create table ops.unsealed (
  audit  bigint primary key,
  tenant bigint not null default platform.tenant()
);
create index unsealed_tenant on ops.unsealed (tenant);
alter table ops.unsealed enable row level security;
create policy own_tenant on ops.unsealed for select to pulse_app
  using (tenant = (select platform.tenant()) and tenant <> 0);
create policy every_tenant on ops.unsealed to pulse_sealer using (true) with check (true);
grant select on ops.unsealed to pulse_app;
grant select, delete on ops.unsealed to pulse_sealer;

-- One link of a tenant's chain. What the columns hold: docs/ops.md, "How a seal is made".
create table ops.seal (
  tenant    bigint      not null default platform.tenant(),
  -- Counts from 1 without gaps. The key keeps two sealers from making a fork.
  position  bigint      not null check (position > 0),
  audit     bigint      not null,
  digest    bytea       not null check (length(digest) = 32),
  previous  bytea       not null check (length(previous) = 32),
  hash      bytea       not null check (length(hash) = 32),
  sealed_at timestamptz not null,
  primary key (tenant, position),
  unique (audit)
);
alter table ops.seal enable row level security;
create policy own_tenant on ops.seal for select to pulse_app
  using (tenant = (select platform.tenant()) and tenant <> 0);
create policy every_tenant on ops.seal to pulse_sealer using (true) with check (true);
grant select on ops.seal to pulse_app;
grant select, insert on ops.seal to pulse_sealer;

-- The sealer reads what it seals, of every tenant, and nothing else in this database.
create policy sealer on platform.audit for select to pulse_sealer using (true);
grant select on platform.audit to pulse_sealer;

create function ops.await_seal() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
  insert into ops.unsealed (audit, tenant) select id, tenant from written;
  perform pg_notify('pulse_audit', '');
  return null;
end $$;
create trigger await_seal after insert on platform.audit
  referencing new table as written for each statement execute function ops.await_seal();

insert into ops.unsealed (audit, tenant) select id, tenant from platform.audit;

-- For every role, the owner and superusers included: the one way to change the log is to switch
-- this off, and then the chain tells. A tenant that is deleted whole takes its log along.
create function ops.refuse_change() returns trigger
language plpgsql set search_path = pg_catalog as $$
begin
  if tg_op = 'DELETE' and current_user = 'pulse_owner' then
    if old.tenant <> 0 and current_setting('pulse.erasing', true) = old.tenant::text then
      return old;
    end if;
  end if;
  raise exception '% is written once: % is refused', tg_table_schema || '.' || tg_table_name, tg_op
    using errcode = '42501';
end $$;
create trigger refuse_change before update or delete on platform.audit
  for each row execute function ops.refuse_change();
create trigger refuse_change before update or delete on ops.seal
  for each row execute function ops.refuse_change();
create trigger refuse_truncate before truncate on platform.audit
  for each statement execute function ops.refuse_change();
create trigger refuse_truncate before truncate on ops.seal
  for each statement execute function ops.refuse_change();

-- Deletes the log of a tenant that is deleted whole, as pulse_owner, and says where its chain
-- ended, to be written into the log of the platform.
create function ops.erase_audit(p_tenant bigint, out chain_position bigint, out chain_hash text)
language plpgsql set search_path = pg_catalog as $$
begin
  -- No seal may be on its way meanwhile.
  perform pg_advisory_xact_lock(hashtext('pulse.sealer'));
  select s.position, encode(s.hash, 'hex') into chain_position, chain_hash
    from ops.seal s where s.tenant = p_tenant order by s.position desc limit 1;
  perform set_config('pulse.erasing', p_tenant::text, true);
  delete from ops.unsealed where tenant = p_tenant;
  delete from ops.seal where tenant = p_tenant;
  delete from platform.audit where tenant = p_tenant;
  perform set_config('pulse.erasing', '', true);
end $$;

revoke all on all functions in schema ops from public;
