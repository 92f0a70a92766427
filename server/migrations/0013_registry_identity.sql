-- Identity: accounts of the embedded provider, what the provider keeps, its keys, sign-ins.
-- People belong to no tenant: no role may touch these tables, only the functions below.

-- Who vouches for a person: `embedded` (then the subject is the person's own id), or an issuer's URL.
alter table registry.person
  add column issuer         text    not null default 'embedded',
  add column subject        text,
  add column email          text,
  add column email_verified boolean not null default false,
  add column active         boolean not null default true,
  add column operator       boolean not null default false;
update registry.person set subject = id;
alter table registry.person
  alter column subject set not null,
  drop constraint person_username_key,
  add constraint person_subject_key unique (issuer, subject),
  add constraint person_username_key unique (issuer, username);

create table registry.account (
  person              text        primary key references registry.person on delete cascade,
  -- scrypt$N$r$p$salt$hash
  password_hash       text        not null,
  password_changed_at timestamptz not null default now(),
  -- The next sign-in asks for a new password.
  must_change         boolean     not null default false,
  -- Sealed secret of the authenticator; `offered` is not in force until a code has confirmed it.
  totp                text,
  totp_offered        text,
  -- The time step of the last code that was taken: a code works once.
  totp_step           bigint      not null default 0,
  created_at          timestamptz not null default now()
);
alter table registry.account enable row level security;
insert into registry.account (person, password_hash, password_changed_at, created_at)
select id, password_hash, created_at, created_at from registry.person;
alter table registry.person drop column password_hash;

create or replace function registry.ensure_person(
  p_id text, p_username text, p_name text, p_password_hash text)
returns text language plpgsql security definer set search_path = pg_catalog as $$
begin
  insert into registry.person (id, subject, username, name) values (p_id, p_id, p_username, p_name)
  on conflict (issuer, username) do nothing;
  insert into registry.account (person, password_hash)
  select id, p_password_hash from registry.person where id = p_id
  on conflict do nothing;
  return (select id from registry.person where issuer = 'embedded' and username = p_username);
end $$;

create or replace function registry.sign_in_facts(p_username text)
returns table (person text, password_hash text, tenants bigint[])
language sql stable security definer set search_path = pg_catalog as $$
  select p.id, a.password_hash,
         array(select m.tenant from registry.membership m where m.person = p.id order by m.tenant)
    from registry.person p join registry.account a on a.person = p.id
   where p.issuer = 'embedded' and p.username = p_username
$$;

create function registry.account_facts(p_username text, p_person text)
returns table (person text, username text, name text, email text, "emailVerified" boolean,
               active boolean, "passwordHash" text, "passwordChangedAt" timestamptz,
               "mustChange" boolean, totp text, "totpOffered" text, "totpStep" bigint,
               tenants bigint[])
language sql stable security definer set search_path = pg_catalog as $$
  select p.id, p.username, p.name, p.email, p.email_verified, p.active, a.password_hash,
         a.password_changed_at, a.must_change, a.totp, a.totp_offered, a.totp_step,
         array(select m.tenant from registry.membership m where m.person = p.id order by m.tenant)
    from registry.person p join registry.account a on a.person = p.id
   where p.issuer = 'embedded'
     and (p.username = p_username or p.id = p_person)
$$;

-- Makes the account of an embedded person, or gives it another password.
create function registry.put_account(
  p_person text, p_password_hash text, p_must_change boolean, p_at timestamptz)
returns void language sql security definer set search_path = pg_catalog as $$
  insert into registry.account (person, password_hash, must_change, password_changed_at, created_at)
  values (p_person, p_password_hash, p_must_change, p_at, p_at)
  on conflict (person) do update
     set password_hash = excluded.password_hash, must_change = excluded.must_change,
         password_changed_at = excluded.password_changed_at
$$;

create function registry.offer_totp(p_person text, p_sealed text)
returns void language sql security definer set search_path = pg_catalog as $$
  update registry.account set totp_offered = p_sealed where person = p_person
$$;

-- Puts the offered secret in force, or (with null) takes the second factor away.
create function registry.set_totp(p_person text, p_sealed text, p_step bigint)
returns void language sql security definer set search_path = pg_catalog as $$
  update registry.account set totp = p_sealed, totp_offered = null, totp_step = p_step
   where person = p_person
$$;

-- True once per code: two sign-ins at the same time cannot use one code both.
create function registry.take_totp_step(p_person text, p_step bigint)
returns boolean language sql security definer set search_path = pg_catalog as $$
  with taken as (
    update registry.account set totp_step = p_step
     where person = p_person and totp_step < p_step returning 1)
  select exists (select 1 from taken)
$$;

-- What the provider keeps: sessions, grants, codes, refresh tokens, interactions.
create table registry.oidc_artifact (
  kind        text        not null,
  -- SHA-256 of the id, which is a bearer secret for most kinds.
  id_hash     bytea       not null,
  grant_id    text,
  uid         text,
  payload     jsonb       not null,
  expires_at  timestamptz not null,
  consumed_at timestamptz,
  primary key (kind, id_hash)
);
create index oidc_artifact_grant on registry.oidc_artifact (grant_id) where grant_id is not null;
create index oidc_artifact_uid on registry.oidc_artifact (uid) where uid is not null;
create index oidc_artifact_expiry on registry.oidc_artifact (expires_at);
alter table registry.oidc_artifact enable row level security;

create function registry.put_oidc_artifact(
  p_kind text, p_id_hash bytea, p_grant_id text, p_uid text, p_payload jsonb, p_expires_at timestamptz)
returns void language sql security definer set search_path = pg_catalog as $$
  insert into registry.oidc_artifact (kind, id_hash, grant_id, uid, payload, expires_at)
  values (p_kind, p_id_hash, p_grant_id, p_uid, p_payload, p_expires_at)
  on conflict (kind, id_hash) do update
     set grant_id = excluded.grant_id, uid = excluded.uid, payload = excluded.payload,
         expires_at = excluded.expires_at
$$;

create function registry.oidc_artifact(p_kind text, p_id_hash bytea, p_uid text, p_now timestamptz)
returns table (payload jsonb, consumed_at timestamptz)
language sql stable security definer set search_path = pg_catalog as $$
  select a.payload, a.consumed_at from registry.oidc_artifact a
   where a.kind = p_kind and (a.id_hash = p_id_hash or a.uid = p_uid) and a.expires_at > p_now
$$;

-- False when it was consumed before: of two that come at once, one wins.
create function registry.consume_oidc_artifact(p_kind text, p_id_hash bytea, p_at timestamptz)
returns boolean language sql security definer set search_path = pg_catalog as $$
  with taken as (
    update registry.oidc_artifact set consumed_at = p_at
     where kind = p_kind and id_hash = p_id_hash and consumed_at is null returning 1)
  select exists (select 1 from taken)
$$;

create function registry.delete_oidc_artifact(p_kind text, p_id_hash bytea)
returns void language sql security definer set search_path = pg_catalog as $$
  delete from registry.oidc_artifact where kind = p_kind and id_hash = p_id_hash
$$;

create function registry.delete_oidc_grant(p_kind text, p_grant_id text)
returns void language sql security definer set search_path = pg_catalog as $$
  delete from registry.oidc_artifact where kind = p_kind and grant_id = p_grant_id
$$;

-- Keys that sign tokens, and the one that signs cookies and forms; sealed by the vault.
create table registry.oidc_key (
  kid        text        primary key,
  use        text        not null check (use in ('token', 'cookie')),
  sealed     text        not null,
  public     jsonb,
  created_at timestamptz not null,
  -- From then on no token is signed with it, and after a while none is accepted.
  retired_at timestamptz
);
-- Two processes that start together make one key, not two.
create unique index oidc_key_one_active on registry.oidc_key (use) where retired_at is null;
alter table registry.oidc_key enable row level security;

create function registry.oidc_keys(p_retired_after timestamptz)
returns table (kid text, use text, sealed text, public jsonb, "createdAt" timestamptz, "retiredAt" timestamptz)
language sql stable security definer set search_path = pg_catalog as $$
  select kid, use, sealed, public, created_at, retired_at from registry.oidc_key
   where retired_at is null or retired_at > p_retired_after
   order by retired_at nulls first, created_at desc
$$;

-- Adds a key unless another process was quicker: then false. The one that was active is retired
-- when it is older than `p_older_than`.
create function registry.add_oidc_key(
  p_kid text, p_use text, p_sealed text, p_public jsonb, p_at timestamptz, p_older_than timestamptz)
returns boolean language plpgsql security definer set search_path = pg_catalog as $$
begin
  perform pg_advisory_xact_lock(hashtext('registry.oidc_key ' || p_use));
  update registry.oidc_key set retired_at = p_at
   where use = p_use and retired_at is null and created_at <= p_older_than;
  insert into registry.oidc_key (kid, use, sealed, public, created_at)
  values (p_kid, p_use, p_sealed, p_public, p_at)
  on conflict do nothing;
  return found;
end $$;

-- A sign-in is what all tokens of one browser belong to (`sid`): they end with it. For the embedded
-- provider its id is the `uid` of the provider's session.
create table registry.sign_in (
  sid         text        primary key,
  person      text        not null references registry.person on delete cascade,
  began_at    timestamptz not null,
  seen_at     timestamptz not null,
  expires_at  timestamptz not null,
  ended_at    timestamptz,
  address     text,
  agent       text,
  -- What the embedded provider keeps for it beside its session, to be deleted with it.
  grant_id    text
);
create index sign_in_person on registry.sign_in (person, began_at desc);
create index sign_in_expiry on registry.sign_in (expires_at);
alter table registry.sign_in enable row level security;

-- Notes that tokens are given out. `began`: it is new; `seen`: it goes on; `ended`: it has ended.
create function registry.note_sign_in(
  p_sid text, p_person text, p_at timestamptz, p_expires_at timestamptz,
  p_address text, p_agent text, p_grant_id text)
returns text language plpgsql security definer set search_path = pg_catalog as $$
begin
  insert into registry.sign_in
    (sid, person, began_at, seen_at, expires_at, address, agent, grant_id)
  values (p_sid, p_person, p_at, p_at, p_expires_at, p_address, p_agent, p_grant_id)
  on conflict do nothing;
  if found then return 'began'; end if;
  update registry.sign_in
     set seen_at = greatest(seen_at, p_at), expires_at = greatest(expires_at, p_expires_at),
         grant_id = coalesce(p_grant_id, grant_id)
   where sid = p_sid and person = p_person and ended_at is null;
  return case when found then 'seen' else 'ended' end;
end $$;

-- True when the sign-in was ended: its tokens must not be taken any more, though they verify.
create function registry.sign_in_ended(p_sid text)
returns boolean language sql stable security definer set search_path = pg_catalog as $$
  select coalesce((select ended_at is not null from registry.sign_in where sid = p_sid), false)
$$;

create function registry.sign_ins_of(p_person text, p_now timestamptz)
returns table (sid text, "beganAt" timestamptz, "seenAt" timestamptz, address text, agent text)
language sql stable security definer set search_path = pg_catalog as $$
  select sid, began_at, seen_at, address, agent from registry.sign_in
   where person = p_person and ended_at is null and expires_at > p_now
   order by seen_at desc
$$;

-- Ends one sign-in of a person (`p_sid`), or all but one (`p_but`); answers those that ended.
create function registry.end_sign_ins(p_person text, p_sid text, p_but text, p_at timestamptz)
returns text[] language plpgsql security definer set search_path = pg_catalog as $$
declare
  ended registry.sign_in[];
begin
  with done as (
    update registry.sign_in set ended_at = p_at
     where person = p_person and ended_at is null
       and (p_sid is null or sid = p_sid) and (p_but is null or sid <> p_but)
    returning sign_in)
  select coalesce(array_agg(sign_in), '{}') into ended from done;
  delete from registry.oidc_artifact a using unnest(ended) e
   where a.grant_id = e.grant_id or (a.kind = 'Session' and a.uid = e.sid);
  return array(select e.sid from unnest(ended) e);
end $$;

-- What expired or was retired long ago.
create function registry.sweep_identity(p_now timestamptz, p_retired_before timestamptz)
returns void language sql security definer set search_path = pg_catalog as $$
  delete from registry.oidc_artifact where expires_at < p_now;
  delete from registry.oidc_key where retired_at < p_retired_before;
  delete from registry.sign_in where expires_at < p_now - interval '30 days';
$$;

revoke all on all functions in schema registry from public;
grant execute on all functions in schema registry to pulse_app;
