-- Who made what: tables that came into being with a record, and names of fields, count against somebody's share.

alter table ddb.data_table add column implicit boolean not null default true;
comment on column ddb.data_table.implicit is 'it came into being with its first record; otherwise with a definition';

alter table ddb.attribute add column named_by bigint;
comment on column ddb.attribute.named_by is 'the entity of the account whose share of the table''s names it counts against; 0: that of all sign-ups; null: nobody''s';
