-- Secrets at rest: data keys, wrapped by the master key, and sealed columns.

-- Only the owner reads it: whoever seals or opens does so in Pulse, not in SQL.
create table platform.data_key (
  id         bigint      generated always as identity primary key,
  -- The key, encrypted by the master key.
  wrapped    text        not null,
  -- Which master key that was; says nothing of the key itself.
  wrapped_by text        not null,
  created_at timestamptz not null,
  -- Set when a newer key took over: it still opens, and seals nothing more.
  retired_at timestamptz
);

-- The start seals what lies in `secret` and empties it; a later migration drops that column.
alter table actions.destination
  alter column secret drop not null,
  add column sealed text,
  add constraint destination_has_secret check (secret is not null or sealed is not null);
