do $$
declare
    found record;
begin
    if not has_table_privilege('ax_reader', 'projection', 'select') then
        grant select on projection to ax_reader;
    end if;
    for found in
        select c.oid::regclass as name
        from pg_class c
        where c.relnamespace = current_schema()::regnamespace
            and c.relkind = 'r'
            and c.relname like 'view\_%'
            and not c.relrowsecurity
            and exists (
                select from pg_attribute a
                where a.attrelid = c.oid and a.attname = 'workspace' and not a.attisdropped
            )
            and pg_has_role(c.relowner, 'usage')
    loop
        execute format('alter table %s enable row level security', found.name);
        execute format(
            'create policy own_workspace on %s for select to ax_reader using '
            '(workspace = nullif(current_setting(''app.workspace'', true), ''''))',
            found.name
        );
        execute format('grant select on %s to ax_reader', found.name);
    end loop;
    -- Behind the wall, an index over words is of no use: the operator that asks it might tell of
    -- rows that the wall hides. What finds by words therefore stands in the wall itself: a function
    -- that sees the table as its owner does, and gives the rows of the named workspace only.
    for found in
        select c.oid::regclass as name, c.relname || '_found' as finder
        from pg_class c
        where c.relnamespace = current_schema()::regnamespace
            and c.relkind = 'r'
            and c.relrowsecurity
            and c.relname like 'view\_%'
            and exists (
                select from pg_attribute a
                where a.attrelid = c.oid and a.attname = 'search' and not a.attisdropped
            )
            and not exists (
                select from pg_proc p
                where p.pronamespace = c.relnamespace and p.proname = c.relname || '_found'
            )
            and pg_has_role(c.relowner, 'usage')
    loop
        execute format(
            'create function %I(words text) returns setof %s language sql stable security definer '
            'set search_path from current as %L',
            found.finder, found.name,
            format(
                'select t.* from %s t '
                'where t.workspace = nullif(current_setting(''app.workspace'', true), '''') '
                'and t.search @@ plainto_tsquery(''simple'', words)',
                found.name
            )
        );
        execute format('revoke execute on function %I from public', found.finder);
        execute format('grant execute on function %I to ax_reader', found.finder);
    end loop;
end
$$;
