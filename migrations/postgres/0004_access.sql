-- Who is let in without showing an API key each time: browsers that logged in, links to log in with
-- once, tickets to open a stream with once. Only the hash of what they show is here. What may be
-- lost: everybody logs in again.
create table access_token (
    token_hash bytea primary key,
    kind text not null,
    workspace text not null,
    bearer text not null,
    seen_at_ms bigint not null,
    until_ms bigint not null
);
create index access_token_until on access_token (until_ms);

-- When each API key was last used, about a minute sharp.
create table key_use (
    key_id text primary key,
    used_at_ms bigint not null
) with (fillfactor = 50);

do $$
begin
    if exists (select from pg_roles where rolname = 'ax_runtime') then
        grant select, insert, update, delete on access_token, key_use to ax_runtime;
    end if;
exception
    when insufficient_privilege then null;
end
$$;
