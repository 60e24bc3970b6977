-- The role in which the windows are read: it sees the rows of the workspace that the transaction
-- names (`app.workspace`), and nothing of any other, whatever a statement forgets to ask. A role
-- belongs to the whole cluster: where this user may not create one, an administrator creates
-- `ax_reader` and grants it to the user that the server logs in with; until then the server says
-- that this second wall is missing.
do $$
begin
    if not exists (select from pg_roles where rolname = 'ax_reader') then
        create role ax_reader nologin;
    end if;
exception
    when insufficient_privilege or duplicate_object or unique_violation then null;
end
$$;

do $$
begin
    if not exists (select from pg_roles where rolname = 'ax_reader') then
        return;
    end if;
    if not pg_has_role('ax_reader', 'member') then
        grant ax_reader to current_user;
    end if;
    execute format('grant usage on schema %I to ax_reader', current_schema());
exception
    when insufficient_privilege then null;
end
$$;
