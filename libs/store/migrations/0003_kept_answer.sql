-- Answers by (caller, key), so that a request that is sent again has one effect and one answer.

create table ddb.kept_answer (
    namespace    int      not null,
    caller       bytea    not null,
    key          text     not null,
    part         int      not null,
    request      bytea    not null,
    status       smallint not null,
    content_type text,
    tx           bigint,
    etag         bigint,
    body         bytea,
    entities     bigint[] not null,
    created_at   bigint   not null,
    primary key (namespace, caller, key, part)
);
comment on column ddb.kept_answer.caller is 'the sort key of the account''s key';
comment on column ddb.kept_answer.part is 'which of the writes of the request it is';
comment on column ddb.kept_answer.request is 'SHA-256 of method, path, query and body';
comment on column ddb.kept_answer.body is 'null: too large to be kept, or removed since';
comment on column ddb.kept_answer.entities is 'the records that the write was about';
create index kept_answer_created on ddb.kept_answer (created_at);
