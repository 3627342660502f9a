-- Index fields are paths of names over objects; a name that holds anything else than letters, digits and underscores stands in backticks.

create table ddb.renamed as
select
    c.namespace, c.table_id, c.id, c.field as name, r.is_path,
    case
        when r.is_path then (
            select string_agg(case when step ~ '^[A-Za-z_][A-Za-z0-9_]*$' then step else '`' || replace(replace(step, '\', '\\'), '`', '\`') || '`' end, '.' order by place)
            from unnest(string_to_array(c.field, '.')) with ordinality as u (step, place)
        )
        when c.field ~ '^[A-Za-z_][A-Za-z0-9_]*$' then c.field
        else '`' || replace(replace(c.field, '\', '\\'), '`', '\`') || '`'
    end as path
from ddb.index_column c
-- A name with points stays one where the table has had a field of that name, or where its parts could be no names of fields.
cross join lateral (
    select
        c.field like '%.%'
        and c.field !~ '(^|\.)(\.|$)'
        and c.field !~ '[*?{}…]|\[|\]'
        and split_part(c.field, '.', 1) not in ('id', 'in', 'out', '_owner', '_tx', '_expires')
        and not exists (select from ddb.attribute a where a.namespace = c.namespace and a.table_id = c.table_id and a.name = c.field) as is_path
) r;

alter table ddb.index_column add column path text;
update ddb.index_column c set path = r.path from ddb.renamed r where r.namespace = c.namespace and r.id = c.id;
alter table ddb.index_column alter column path set not null;
alter table ddb.index_column drop column field;
alter table ddb.index_column add unique (namespace, table_id, path);
comment on column ddb.index_column.path is 'names with points between them, `created` and `updated` too where the table has had a field of that name';

-- What a path means, and `created` and `updated` in records without a field of that name, was not in these columns: they are filled anew.
create table ddb.emptied as
select namespace, table_id, id, name from ddb.renamed where is_path or name in ('created', 'updated');

do $$
declare
    emptied record;
    projection text;
begin
    for emptied in select * from ddb.emptied loop
        projection := format('ddb_data.t%s_%s', emptied.namespace, emptied.table_id);
        -- A database that is being restored has no projections yet.
        if to_regclass(projection) is not null then
            execute format('alter table %s drop column if exists x%s', projection, emptied.id);
            execute format('alter table %s add column x%s bytea', projection, emptied.id);
        end if;
    end loop;
end
$$;

update ddb.index_definition d
set state = 'building', enforced = false, done = 0, total = 0
where state <> 'failed' and (
    exists (
        select from ddb.emptied e
        where e.namespace = d.namespace and e.table_id = d.table_id and e.name = any(d.fields)
    )
    -- The index was over the system's times, which the names do not mean in every record.
    or exists (
        select from ddb.attribute a
        where a.namespace = d.namespace and a.table_id = d.table_id and a.name in ('created', 'updated') and '$' || a.name = any(d.fields)
    )
);

update ddb.index_definition d
set fields = (
    select array_agg(coalesce(r.path, u.field) order by u.place)
    from unnest(d.fields) with ordinality as u (field, place)
    left join ddb.renamed r on r.namespace = d.namespace and r.table_id = d.table_id and r.name = u.field
);
comment on column ddb.index_definition.fields is 'paths, or the system values $owner, $created and $updated';
comment on column ddb.index_definition.enforced is 'the unique B-tree is there, so that writers can look up who holds a value';

update ddb.namespace set definitions = definitions + 1;

drop table ddb.renamed;
drop table ddb.emptied;
