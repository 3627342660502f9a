-- Indexes: what was asked for, and the columns of the projections that serve them.

alter table ddb.namespace add column definitions bigint not null default 0;
alter table ddb.namespace add column newest_column int not null default 0;
alter table ddb.namespace add column newest_index int not null default 0;
comment on column ddb.namespace.newest_column is 'of an index; numbers are never used again';
comment on column ddb.namespace.definitions is 'raised by every change of a definition, in its transaction, under the lock of the namespace';

-- A field that some index is about has a column `x<id>` in its table's projection: the sort key of the field's value.
create table ddb.index_column (
    namespace int  not null,
    id        int  not null,
    table_id  int  not null,
    field     text not null,
    primary key (namespace, id),
    unique (namespace, table_id, field)
);

create table ddb.index_definition (
    namespace  int     not null,
    id         int     not null,
    table_id   int     not null,
    name       text    not null,
    fields     text[]  not null,
    descending bool[]  not null,
    is_unique  boolean not null,
    enforced   boolean not null default false,
    state      text    not null default 'building' check (state in ('building', 'ready', 'failed')),
    done       bigint  not null default 0,
    total      bigint  not null default 0,
    problem    text,
    created_at bigint  not null,
    created_by text,
    primary key (namespace, id),
    unique (namespace, table_id, name)
);
comment on column ddb.index_definition.fields is 'fields, or the system values $owner, $created and $updated';
comment on column ddb.index_definition.enforced is 'the B-trees are there, so that writers can look up who holds a value';
comment on column ddb.index_definition.problem is 'why the index failed';
