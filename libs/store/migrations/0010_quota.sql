-- Limits of what a namespace and each owner hold, and counters, which are kept where there is a limit.

create table ddb.quota (
    namespace     int  primary key,
    records       bigint,
    bytes         bigint,
    owner_records bigint,
    owner_bytes   bigint,
    state         text not null default 'counting' check (state in ('counting', 'counted')),
    generation    uuid not null default gen_random_uuid()
);
comment on column ddb.quota.records is 'null: no limit';
comment on column ddb.quota.owner_records is 'of each owner';
comment on column ddb.quota.state is 'counting: the counters hold what has changed since the limit was set, and not yet what was there before';

create table ddb.usage (
    namespace int    not null,
    owner     bytea  not null,
    records   bigint not null,
    bytes     bigint not null,
    primary key (namespace, owner)
);
comment on column ddb.usage.owner is 'the sort key of the owner''s key; empty: all of the namespace';
