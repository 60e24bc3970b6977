-- One row where this database was made from a backup: which, when, and who said that work goes on.
-- Until then nothing is given out, nothing falls due, and nothing is sent.
create table restored (
    id bigint primary key check (id = 1),
    position bigint not null,
    taken_at_ms bigint not null,
    restored_at_ms bigint not null,
    resumed_at_ms bigint,
    resumed_by text
);

do $$
begin
    if exists (select from pg_roles where rolname = 'ax_runtime') then
        grant select, update on restored to ax_runtime;
    end if;
exception
    when insufficient_privilege then null;
end
$$;
