-- Jobs that are done once: their state, progress and result. A recurring job has no state.

alter table ddb.job add column state text check (state in ('queued', 'running', 'done', 'failed'));
alter table ddb.job add column done bigint not null default 0;
alter table ddb.job add column total bigint not null default 0;
alter table ddb.job add column result text;
alter table ddb.job add column created_at bigint;
alter table ddb.job add column created_by text;
alter table ddb.job add column finished_at bigint;
comment on column ddb.job.result is 'JSON';
comment on column ddb.job.created_by is 'the record of the account that asked for it; null: the system';
create index job_waiting on ddb.job (due) where state in ('queued', 'running');
