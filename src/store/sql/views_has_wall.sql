select count(*) from pg_roles where rolname = 'ax_reader' and pg_has_role(oid, 'member')
