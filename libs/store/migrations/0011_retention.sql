-- Retention: what was superseded up to a transaction, the horizon of its table, leaves the log; the chain says so, as facts of the attribute `$pruned`.

insert into ddb.attribute (namespace, id, table_id, name, salt)
select id, 7, 0, '$pruned', uuid_send(gen_random_uuid()) from ddb.namespace
on conflict do nothing;

alter table ddb.namespace add column history bigint;
comment on column ddb.namespace.history is 'how long superseded values are kept in tables that say nothing themselves: microseconds, -1 or null for ever';

alter table ddb.data_table add column history bigint;
alter table ddb.data_table add column horizon bigint not null default 0;
alter table ddb.data_table add column superseded_to bigint not null default 0;
alter table ddb.data_table add column prune_at bigint;
comment on column ddb.data_table.history is 'how long superseded values are kept: microseconds, -1 for ever; null: as the namespace says';
comment on column ddb.data_table.horizon is 'the oldest transaction whose state can be read; what was superseded up to it is pruned. The chain has it too';
comment on column ddb.data_table.superseded_to is 'up to which transaction it was looked for what others have superseded';
comment on column ddb.data_table.prune_at is 'when it is looked for more to prune; null: at once';

alter table ddb.tx add column superseded int not null default 0;
alter table ddb.tx add column root bytea;
comment on column ddb.tx.superseded is 'how many of its facts are superseded and reduced to commitments';
comment on column ddb.tx.root is 'the root of the Merkle tree of its facts, which were dropped; null: they are there';

-- Transactions of whose facts all are superseded.
create table ddb.droppable (
    namespace int    not null,
    tx        bigint not null,
    primary key (namespace, tx)
);

comment on column ddb.triple.commitment is 'stands for a value that was erased or superseded; zeros for a superseded retraction';

-- Freed pages take new facts, so a range of pages holds transactions that are far apart: several intervals for each range keep it selective.
drop index ddb.triple_tx;
create index triple_tx on ddb.triple using brin (namespace int4_minmax_ops, tx int8_minmax_multi_ops)
    with (pages_per_range = 32, autosummarize = on);
