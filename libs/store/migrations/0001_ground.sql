-- The relations of DESIGN §2. Times are microseconds since 1970 (UTC); hashes, salts and keys are bytes made by Rust.

create schema if not exists ddb_data;

create table ddb.namespace (
    id   int primary key,
    name text not null unique,
    uuid uuid not null unique
);

create table ddb.tx (
    namespace  int      not null,
    tx         bigint   not null,
    time       bigint   not null,
    actor      bigint,
    request_id text,
    fact_count int      not null,
    version    smallint not null,
    hash       bytea    not null,
    primary key (namespace, tx)
);

-- `commitment` is stored where it can no longer be computed: after name and salt were erased.
create table ddb.entity (
    namespace  int    not null,
    id         bigint not null,
    table_id   int    not null,
    key        bytea,
    exact      bytea,
    salt       bytea,
    commitment bytea,
    primary key (namespace, id),
    unique (namespace, table_id, key)
);
comment on column ddb.entity.key is 'sort key of the record key';
comment on column ddb.entity.exact is 'canonical bytes of an array or object key, whose sort key does not tell 1 from 1.0';

create table ddb.attribute (
    namespace  int  not null,
    id         int  not null,
    table_id   int  not null,
    name       text,
    salt       bytea,
    commitment bytea,
    primary key (namespace, id),
    unique (namespace, table_id, name)
);

create table ddb.triple (
    namespace  int     not null,
    table_id   int     not null,
    tx         bigint  not null,
    entity     bigint  not null,
    attribute  int     not null,
    position   int     not null,
    asserted   boolean not null,
    value      bytea,
    salt       bytea,
    commitment bytea
);
create index triple_entity on ddb.triple (namespace, entity, attribute, tx);
create index triple_tx on ddb.triple using brin (namespace, tx) with (pages_per_range = 32, autosummarize = on);
alter table ddb.triple alter column value set storage main;

create table ddb.data_table (
    namespace  int  not null,
    id         int  not null,
    name       text not null,
    created_at bigint not null,
    created_by text,
    primary key (namespace, id),
    unique (namespace, name)
);
comment on column ddb.data_table.created_by is 'the account whose first record made the table; null: the system';

create table ddb.account (
    namespace     int    not null,
    id            text   not null,
    email         text   not null,
    password_hash text,
    roles         text[] not null default '{}',
    verified      boolean not null default false,
    banned_at     bigint,
    epoch         bigint not null default 1,
    created_at    bigint not null,
    primary key (namespace, id),
    unique (namespace, email)
);
comment on column ddb.account.id is 'the key of the record in table user';
comment on column ddb.account.epoch is 'raised when every access token issued so far must end';

create table ddb.session (
    id         uuid   primary key,
    namespace  int    not null,
    account    text   not null,
    counter    bigint not null default 1,
    created_at bigint not null,
    rotated_at bigint not null,
    ended_at   bigint,
    user_agent text,
    address    text,
    foreign key (namespace, account) references ddb.account (namespace, id) on delete cascade
);
comment on column ddb.session.counter is 'of the newest refresh token';
comment on column ddb.session.address is 'the network it was made from: an IPv4 address, or the first 64 bits of an IPv6 address';
create index session_account on ddb.session (namespace, account);
create index session_rotated on ddb.session (rotated_at);

create table ddb.signing_key (
    id          text   primary key,
    modulus     bytea  not null,
    exponent    bytea  not null,
    private_box bytea  not null,
    created_at  bigint not null,
    retired_at  bigint
);
comment on column ddb.signing_key.id is 'kid: the thumbprint of RFC 7638';
comment on column ddb.signing_key.retired_at is 'when another key took over; it verifies for 17 more minutes';
comment on column ddb.signing_key.private_box is 'PKCS#8, encrypted with a key derived from the master key';

create table ddb.setting (
    name  text primary key,
    value jsonb not null
);

create table ddb.job (
    id          bigint generated always as identity primary key,
    namespace   int    not null,
    kind        text   not null,
    due         bigint not null,
    payload     jsonb  not null default '{}',
    attempts    int    not null default 0,
    lease_until bigint,
    last_error  text,
    unique_key  text unique
);
create index job_due on ddb.job (due);
