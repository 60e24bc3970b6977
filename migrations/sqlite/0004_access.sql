-- Who is let in without showing an API key each time: browsers that logged in, links to log in with
-- once, tickets to open a stream with once. Only the hash of what they show is here. What may be
-- lost: everybody logs in again.
create table access_token (
    token_hash blob primary key,
    kind text not null,
    workspace text not null,
    bearer text not null,
    seen_at_ms integer not null,
    until_ms integer not null
) strict, without rowid;
create index access_token_until on access_token (until_ms);

-- When each API key was last used, about a minute sharp.
create table key_use (
    key_id text primary key,
    used_at_ms integer not null
) strict, without rowid;
