-- Answers that showed a secret are remembered as given, without their body.
alter table platform.idempotency add column secret boolean not null default false;
-- Rows of the last 24 hours are kept; the owner deletes what is older.
create index idempotency_age on platform.idempotency (created_at);
