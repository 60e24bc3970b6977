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
end
$$;
