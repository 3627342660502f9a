-- Erasures: each is written in the log too, as a fact of the attribute `$erased`; here stands how far it is carried out.

insert into ddb.attribute (namespace, id, table_id, name, salt)
select id, 6, 0, '$erased', uuid_send(gen_random_uuid()) from ddb.namespace
on conflict do nothing;

create table ddb.erasure (
    number     bigint  generated always as identity unique,
    namespace  int     not null,
    entity     bigint  not null,
    name       bytea   not null,
    reason     text    not null,
    is_account boolean not null default false,
    tx         bigint,
    owner      bytea,
    looked_at  bigint  not null default 0,
    cleared_at bigint,
    done_at    bigint,
    primary key (namespace, entity)
);
comment on column ddb.erasure.name is 'the commitment of the record''s name';
comment on column ddb.erasure.tx is 'the transaction that recorded it; null: it comes from a list and is to be recorded before anything is served';
comment on column ddb.erasure.owner is 'the sort key of an account''s key, as long as something that it owned is left';
comment on column ddb.erasure.looked_at is 'the last entity that was looked at for whether the owner had it';
comment on column ddb.erasure.cleared_at is 'when no row held anything of it any more';
comment on column ddb.erasure.done_at is 'when no page of a table held a row that did';
create index erasure_open on ddb.erasure (namespace, entity) where done_at is null;

comment on column ddb.data_table.created_by is
    'the account whose first record made the table, ''erased'' where it is no more; null: the system';

-- ANALYZE keeps samples of what it reads; these serve no plan.
alter table ddb.triple alter column value set statistics 0;
alter table ddb.triple alter column salt set statistics 0;
alter table ddb.triple alter column commitment set statistics 0;
alter table ddb.entity alter column key set statistics 0;
alter table ddb.entity alter column exact set statistics 0;
alter table ddb.entity alter column salt set statistics 0;
alter table ddb.kept_answer alter column body set statistics 0;
