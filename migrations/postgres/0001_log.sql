-- The log. Everything that anyone sees is folded from `event`; nothing here is ever changed but
-- the head, the versions in `stream`, and nothing is ever removed.

-- One row: the end of the log. An appender locks it until its commit, so that positions are dense
-- and rise in the order of the commits. Few rows a page, so that its updates stay in place.
create table log_head (
    id smallint primary key check (id = 1),
    log_id uuid not null,
    position bigint not null,
    batch_no bigint not null,
    batch_hash bytea not null
) with (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

insert into log_head (id, log_id, position, batch_no, batch_hash)
values (1, gen_random_uuid(), 0, 0, decode(repeat('00', 32), 'hex'));

-- The version lives here and not in an index over `event`, so that the events can be partitioned
-- by position one day. A stream's id is the position of its first event: no sequence is needed.
create table stream (
    stream_id bigint primary key,
    workspace text not null,
    name text not null,
    version bigint not null,
    unique (workspace, name)
) with (fillfactor = 70);

-- `payload` and `metadata` are the bytes that were hashed. `recorded_at_ms` counts milliseconds
-- since 1970. A leaf's index in a Merkle tree is its position less one.
create table event (
    position bigint primary key,
    stream_id bigint not null,
    version bigint not null,
    event_id uuid not null,
    kind text not null,
    schema_version integer not null,
    recorded_at_ms bigint not null,
    payload bytea not null,
    metadata bytea not null,
    leaf_hash bytea not null,
    unique (stream_id, version)
) with (autovacuum_vacuum_insert_scale_factor = 0.02);

create index event_recorded_at on event using brin (recorded_at_ms);

-- What was committed at once. `hash` chains each batch to the one before; `leaf_prefixes` holds
-- the first eight bytes of each leaf in order, so that `verify` can name the place of damage.
create table batch (
    batch_no bigint primary key,
    first_position bigint not null,
    last_position bigint not null,
    hash bytea not null,
    leaf_prefixes bytea not null
) with (autovacuum_vacuum_insert_scale_factor = 0.02);

-- The answers to requests that carried a key, kept for ever.
create table append_key (
    workspace text not null,
    actor text not null,
    key text not null,
    request_hash bytea not null,
    receipt text not null,
    answer bytea not null,
    primary key (workspace, actor, key)
);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% of % is refused: the log is append-only', tg_op, tg_table_name
        using errcode = 'restrict_violation';
end
$$;

create trigger event_is_append_only before update or delete on event
    for each row execute function refuse_change();
create trigger event_is_not_truncated before truncate on event
    for each statement execute function refuse_change();
create trigger batch_is_append_only before update or delete on batch
    for each row execute function refuse_change();
create trigger batch_is_not_truncated before truncate on batch
    for each statement execute function refuse_change();
create trigger append_key_is_append_only before update or delete on append_key
    for each row execute function refuse_change();
create trigger append_key_is_not_truncated before truncate on append_key
    for each statement execute function refuse_change();
