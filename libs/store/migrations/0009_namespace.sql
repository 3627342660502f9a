-- Namespaces come and go: a removed one loses its name at once and keeps its row, so that no number is used again.

alter table ddb.namespace alter column name drop not null;
alter table ddb.namespace add column created_at bigint not null default (extract(epoch from clock_timestamp()) * 1000000)::bigint;
alter table ddb.namespace add column created_by text;
alter table ddb.namespace add column removed_at bigint;
alter table ddb.namespace add column purged_at bigint;
comment on column ddb.namespace.name is 'null: it was removed';
comment on column ddb.namespace.created_by is 'the record of the account of `main` that made it; null: the system';
comment on column ddb.namespace.purged_at is 'when the last of what it held was deleted';
