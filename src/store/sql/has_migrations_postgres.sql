-- Not to_regclass: after the wait for a lock it may still answer from before.
select exists (
    select from pg_catalog.pg_class
    where relname = 'schema_migration' and relnamespace = current_schema()::regnamespace
)
