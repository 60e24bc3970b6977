-- The role that a server should log in with (or be granted): it reads and appends, and can neither
-- update, delete nor truncate what the log holds. A role belongs to the whole cluster: where this
-- user may not create one, or another database of the cluster already has, we go on without; then
-- an administrator creates `ax_runtime` and gives it the grants below.
do $$
begin
    if not exists (select from pg_roles where rolname = 'ax_runtime') then
        create role ax_runtime nologin;
    end if;
exception
    when insufficient_privilege or duplicate_object or unique_violation then null;
end
$$;

do $$
begin
    if not exists (select from pg_roles where rolname = 'ax_runtime') then
        return;
    end if;
    revoke all on event, batch, append_key from ax_runtime;
    grant select, insert on event, batch, append_key to ax_runtime;
    grant select, insert, update on stream to ax_runtime;
    grant select, update on log_head to ax_runtime;
    grant select, insert, update, delete on snapshot, lease_presence, agent_presence
        to ax_runtime;
    grant select on schema_migration to ax_runtime;
exception
    when insufficient_privilege then null;
end
$$;
