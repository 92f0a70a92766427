-- Access: what people may do in a tenant, roles of one's own, invitations, API keys, ended sessions.

-- People sign in at an identity provider: a session is what its tokens say.
drop function registry.sign_in_facts(text), registry.session_facts(bytea, timestamptz),
  registry.open_session(bytea, text, timestamptz, timestamptz),
  registry.extend_session(bytea, timestamptz), registry.end_session(bytea);
drop table registry.session;

-- What an issuer last told of a person. A token that was issued earlier changes nothing any more.
alter table registry.person
  add column told    bytea,
  add column told_at timestamptz;
-- Usernames are unique among Pulse's own accounts; what another issuer calls people is its affair.
-- They are folded by the program: lower() depends on the locale of the database.
alter table registry.person
  drop constraint person_username_key,
  drop constraint person_username_check;
create unique index person_username on registry.person (username) where issuer = 'embedded';

alter table registry.membership
  drop constraint membership_role_check,
  -- False: belongs to the tenant but may not enter it.
  add column active       boolean     not null default true,
  add column source       text        not null default 'made' check (source in ('invited', 'claims', 'made')),
  add column last_seen_at timestamptz;
revoke update (role) on registry.membership from pulse_app;
grant update (role, active) on registry.membership to pulse_app;

create table registry.role (
  tenant      bigint      not null default platform.tenant() references registry.tenant,
  key         text        not null collate "C",
  name        text        not null,
  permissions text[]      not null,
  created_at  timestamptz not null default now(),
  primary key (tenant, key)
);
alter table registry.role enable row level security;
create policy own_tenant on registry.role to pulse_app
  using (tenant = (select platform.tenant())) with check (tenant = (select platform.tenant()));
grant select, insert, update (name, permissions), delete on registry.role to pulse_app;

create table registry.invitation (
  tenant          bigint      not null default platform.tenant() references registry.tenant,
  id              text        not null collate "C",
  -- Folded: as it is compared.
  email           text        not null collate "C",
  role            text        not null collate "C",
  -- SHA-256 of the token in the link; the token itself is nowhere.
  token_hash      bytea       not null unique,
  invited_by      text        not null,
  invited_by_name text        not null,
  created_at      timestamptz not null,
  expires_at      timestamptz not null,
  accepted_at     timestamptz,
  accepted_by     text,
  withdrawn_at    timestamptz,
  primary key (tenant, id),
  constraint invitation_one_end check (accepted_at is null or withdrawn_at is null)
);
create index invitation_tenant on registry.invitation (tenant, created_at desc);
alter table registry.invitation enable row level security;
create policy own_tenant on registry.invitation to pulse_app
  using (tenant = (select platform.tenant())) with check (tenant = (select platform.tenant()));
grant select (tenant, id, email, role, invited_by, invited_by_name, created_at, expires_at,
              accepted_at, accepted_by, withdrawn_at),
      insert, update (accepted_at, accepted_by, withdrawn_at)
  on registry.invitation to pulse_app;

create table registry.api_key (
  tenant          bigint      not null default platform.tenant() references registry.tenant,
  -- Public part of the key, random; it names the key before the secret is checked.
  id              text        not null unique collate "C",
  name            text        not null,
  -- SHA-256 of the secret part.
  hash            bytea       not null,
  permissions     text[]      not null,
  created_by      text        not null,
  created_by_name text        not null,
  created_at      timestamptz not null,
  expires_at      timestamptz not null,
  last_used_at    timestamptz,
  revoked_at      timestamptz,
  primary key (tenant, id)
);
alter table registry.api_key enable row level security;
create policy own_tenant on registry.api_key to pulse_app
  using (tenant = (select platform.tenant())) with check (tenant = (select platform.tenant()));
grant select (tenant, id, name, permissions, created_by, created_by_name, created_at, expires_at,
              last_used_at, revoked_at),
      insert, update (revoked_at)
  on registry.api_key to pulse_app;

-- A sign-in that was ended: tokens of it that were issued before are not taken any more, until they
-- would have expired by themselves.
create table registry.ended_session (
  issuer   text        not null,
  session  text        not null,
  ended_at timestamptz not null,
  until    timestamptz not null,
  primary key (issuer, session)
);
create index ended_session_until on registry.ended_session (until);
alter table registry.ended_session enable row level security;

-- Who a verified token stands for, and where they belong. `permissions` is null for a built-in role.
create function registry.person_facts(p_issuer text, p_subject text, p_session text)
returns table (person text, username text, name text, email text, "emailVerified" boolean,
               active boolean, operator boolean, told bytea, "toldAt" timestamptz,
               "endedAt" timestamptz, tenants json)
language sql stable security definer set search_path = pg_catalog as $$
  select p.id, p.username, p.name, p.email, p.email_verified, p.active, p.operator, p.told, p.told_at,
         case when p.issuer = 'embedded' and p_session is not null and registry.sign_in_ended(p_session)
              then timestamptz '9999-01-01Z'
              else (select s.ended_at from registry.ended_session s
                     where s.issuer = p_issuer and s.session = p_session) end,
         coalesce((select json_agg(json_build_object(
                            'tenant', t.id, 'key', t.key, 'name', t.name, 'region', t.region,
                            'suspended', t.suspended, 'role', m.role, 'permissions', r.permissions)
                          order by t.key)
                     from registry.membership m
                     join registry.tenant t on t.id = m.tenant
                     left join registry.role r on r.tenant = m.tenant and r.key = m.role
                    where m.person = p.id and m.active), '[]'::json)
    from registry.person p
   where p.issuer = p_issuer and p.subject = p_subject
$$;

create function registry.end_session(
  p_issuer text, p_session text, p_at timestamptz, p_until timestamptz)
returns void language sql security definer set search_path = pg_catalog as $$
  delete from registry.ended_session where until < p_at;
  insert into registry.ended_session (issuer, session, ended_at, until)
  values (p_issuer, p_session, p_at, p_until)
  on conflict (issuer, session) do update
     set ended_at = greatest(ended_session.ended_at, excluded.ended_at),
         until = greatest(ended_session.until, excluded.until);
$$;

-- A person of another issuer, made at their first token; `made` is false for one who is there.
create function registry.admit_person(
  p_id text, p_issuer text, p_subject text, p_username text, p_name text, out id text, out made boolean)
language plpgsql security definer set search_path = pg_catalog as $$
begin
  if p_issuer = 'embedded' then
    raise exception 'embedded people are made with their account' using errcode = '42501';
  end if;
  insert into registry.person (id, issuer, subject, username, name)
  values (p_id, p_issuer, p_subject, p_username, p_name)
  on conflict (issuer, subject) do nothing;
  made := found;
  select p.id into id from registry.person p where p.issuer = p_issuer and p.subject = p_subject;
end $$;

-- Keeps what the issuer tells of its person, unless a token that was issued later has told already:
-- then null. Holds the row until the end of the transaction, so that the tokens of a person take
-- effect one after the other. Answers whether they were an operator before; `p_operator` null leaves that.
create function registry.note_identity(
  p_person text, p_told bytea, p_at timestamptz, p_username text, p_name text, p_email text,
  p_email_verified boolean, p_operator boolean)
returns boolean language plpgsql security definer set search_path = pg_catalog as $$
declare
  was registry.person;
begin
  select * into was from registry.person
   where id = p_person and issuer <> 'embedded' and (told_at is null or told_at < p_at)
     for no key update;
  if not found then return null; end if;
  update registry.person
     set told = p_told, told_at = p_at, username = p_username, name = p_name, email = p_email,
         email_verified = p_email_verified, operator = coalesce(p_operator, operator)
   where id = p_person;
  return was.operator;
end $$;

-- Tenants by key, for what an issuer claims. It says nothing but ids.
create function registry.tenant_ids(p_keys text[])
returns table (id bigint, key text)
language sql stable security definer set search_path = pg_catalog as $$
  select id, key from registry.tenant where key = any(p_keys) order by id
$$;

-- Tenants that a person belongs to because their issuer says so.
create function registry.claimed_tenants(p_person text)
returns table (id bigint)
language sql stable security definer set search_path = pg_catalog as $$
  select tenant from registry.membership where person = p_person and source = 'claims' order by tenant
$$;

-- A person with an account of Pulse's own; `made` is false when the username is taken, and `id` then
-- names who has it.
drop function registry.ensure_person(text, text, text, text);
create function registry.ensure_person(
  p_id text, p_username text, p_name text, p_email text, p_email_verified boolean, p_operator boolean,
  out id text, out made boolean)
language plpgsql security definer set search_path = pg_catalog as $$
begin
  insert into registry.person (id, subject, username, name, email, email_verified, operator)
  values (p_id, p_id, p_username, p_name, p_email, p_email_verified, p_operator)
  on conflict (username) where issuer = 'embedded' do nothing;
  made := found;
  select p.id into id from registry.person p where p.issuer = 'embedded' and p.username = p_username;
end $$;

-- Ends or restores the access of a person everywhere: `done`, `unchanged`, `unknown`, `several` people of
-- that name, or `last`, when no active operator would be left.
create function registry.set_person_active(
  p_username text, p_issuer text, p_active boolean, out person text, out outcome text)
language plpgsql security definer set search_path = pg_catalog as $$
declare
  found_people text[];
begin
  -- The lock under which operators are made and ended.
  perform pg_advisory_xact_lock(hashtext('registry.set_operator'));
  found_people := array(select p.id from registry.person p
                         where p.username = p_username and (p_issuer is null or p.issuer = p_issuer));
  outcome := case cardinality(found_people) when 0 then 'unknown' when 1 then null else 'several' end;
  if outcome is not null then return; end if;
  person := found_people[1];
  if not p_active
     and exists (select from registry.person p
                  where p.id = set_person_active.person and p.operator and p.active)
     and not exists (select from registry.person p
                      where p.operator and p.active and p.id <> set_person_active.person) then
    outcome := 'last';
    return;
  end if;
  update registry.person p set active = p_active
   where p.id = set_person_active.person and p.active <> p_active;
  outcome := case when found then 'done' else 'unchanged' end;
end $$;

-- Who belongs to the transaction's tenant.
drop function registry.members();
create function registry.members()
returns table (person text, username text, name text, email text, role text, active boolean,
               source text, "joinedAt" timestamptz, "lastSeenAt" timestamptz)
language sql stable security definer set search_path = pg_catalog as $$
  select p.id, p.username, p.name, p.email, m.role, m.active and p.active, m.source, m.created_at,
         m.last_seen_at
    from registry.membership m join registry.person p on p.id = m.person
   where m.tenant = platform.tenant()
$$;

-- How many may let others in: active, and with a role that has the permission.
create function registry.count_holders(p_permission text, p_built_in text[])
returns int language sql stable security definer set search_path = pg_catalog as $$
  select count(*)::int
    from registry.membership m
    join registry.person p on p.id = m.person
    left join registry.role r on r.tenant = m.tenant and r.key = m.role
   where m.tenant = platform.tenant() and m.active and p.active
     and (m.role = any(p_built_in) or p_permission = any(r.permissions))
$$;

-- Written behind: when people were last seen in which tenant, and when keys were last used.
create function registry.note_seen(p_tenants bigint[], p_people text[], p_at timestamptz[])
returns void language sql security definer set search_path = pg_catalog as $$
  update registry.membership m set last_seen_at = greatest(m.last_seen_at, seen.at)
    from unnest(p_tenants, p_people, p_at) as seen (tenant, person, at)
   where m.tenant = seen.tenant and m.person = seen.person
$$;
create function registry.note_key_use(p_ids text[], p_at timestamptz[])
returns void language sql security definer set search_path = pg_catalog as $$
  update registry.api_key k set last_used_at = greatest(k.last_used_at, used.at)
    from unnest(p_ids, p_at) as used (id, at)
   where k.id = used.id
$$;

-- What a key is checked against, before its tenant is known.
create function registry.api_key_facts(p_id text)
returns table (id text, name text, hash bytea, permissions text[], "expiresAt" timestamptz,
               "lastUsedAt" timestamptz, revoked boolean, tenant bigint, "tenantKey" text,
               "tenantName" text, region text, suspended boolean)
language sql stable security definer set search_path = pg_catalog as $$
  select k.id, k.name, k.hash, k.permissions, k.expires_at, k.last_used_at, k.revoked_at is not null,
         t.id, t.key, t.name, t.region, t.suspended
    from registry.api_key k join registry.tenant t on t.id = k.tenant
   where k.id = p_id
$$;

-- An invitation by the hash of its token, before its tenant is known; only while it can be accepted.
create function registry.open_invitation(p_hash bytea, p_now timestamptz)
returns table (id text, email text, role text, "expiresAt" timestamptz, tenant bigint,
               "tenantKey" text, "tenantName" text, suspended boolean)
language sql stable security definer set search_path = pg_catalog as $$
  select i.id, i.email, i.role, i.expires_at, t.id, t.key, t.name, t.suspended
    from registry.invitation i join registry.tenant t on t.id = i.tenant
   where i.token_hash = p_hash and i.accepted_at is null and i.withdrawn_at is null
     and i.expires_at > p_now
$$;

revoke all on function
  registry.person_facts(text, text, text),
  registry.end_session(text, text, timestamptz, timestamptz),
  registry.admit_person(text, text, text, text, text),
  registry.note_identity(text, bytea, timestamptz, text, text, text, boolean, boolean),
  registry.tenant_ids(text[]), registry.claimed_tenants(text),
  registry.ensure_person(text, text, text, text, boolean, boolean), registry.members(),
  registry.set_person_active(text, text, boolean),
  registry.count_holders(text, text[]), registry.note_seen(bigint[], text[], timestamptz[]),
  registry.note_key_use(text[], timestamptz[]), registry.api_key_facts(text),
  registry.open_invitation(bytea, timestamptz) from public;
grant execute on function
  registry.person_facts(text, text, text),
  registry.end_session(text, text, timestamptz, timestamptz),
  registry.admit_person(text, text, text, text, text),
  registry.note_identity(text, bytea, timestamptz, text, text, text, boolean, boolean),
  registry.tenant_ids(text[]), registry.claimed_tenants(text),
  registry.ensure_person(text, text, text, text, boolean, boolean), registry.members(),
  registry.set_person_active(text, text, boolean),
  registry.count_holders(text, text[]), registry.note_seen(bigint[], text[], timestamptz[]),
  registry.note_key_use(text[], timestamptz[]), registry.api_key_facts(text),
  registry.open_invitation(bytea, timestamptz) to pulse_app;
