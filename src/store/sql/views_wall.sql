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
    -- that sees the table as its owner does, and gives the rows of the named workspace only. Words
    -- that stand in many rows are found sooner by walking along a list: where it pays, a second
    -- function says. A page of 50 rows is found in about 50 × all ÷ found steps of such a walk.
    for found in
        select c.oid::regclass as name, c.relname || '_found' as finder,
            c.relname || '_often' as counter
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
                where p.pronamespace = c.relnamespace and p.proname = c.relname || '_often'
            )
            and pg_has_role(c.relowner, 'usage')
    loop
        execute format(
            'create or replace function %I(words text) returns setof %s '
            'language sql stable security definer '
            'set search_path from current as %L',
            found.finder, found.name,
            format(
                'select t.* from %s t '
                'where t.workspace = nullif(current_setting(''app.workspace'', true), '''') '
                'and t.search @@ plainto_tsquery(''simple'', words)',
                found.name
            )
        );
        execute format(
            'create or replace function %I(words text) returns boolean '
            'language sql stable security definer '
            'set search_path from current as %L',
            found.counter,
            format(
                'with enough as ('
                'select greatest(200, sqrt(50.0 * greatest(reltuples, 0)))::bigint as many '
                'from pg_class where oid = %L::regclass) '
                'select (select count(*) from (select from %s t '
                'where t.workspace = nullif(current_setting(''app.workspace'', true), '''') '
                'and t.search @@ plainto_tsquery(''simple'', words) '
                'limit (select many from enough)) found) >= (select many from enough)',
                found.name, found.name
            )
        );
        execute format(
            'revoke execute on function %I, %I from public', found.finder, found.counter
        );
        execute format(
            'grant execute on function %I, %I to ax_reader', found.finder, found.counter
        );
    end loop;
end
$$;
