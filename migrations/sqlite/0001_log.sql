-- The log. Everything that anyone sees is folded from `event`; nothing here is ever changed but
-- the head, the versions in `stream`, and nothing is ever removed.

-- One row: the end of the log.
create table log_head (
    id integer primary key check (id = 1),
    log_id blob not null,
    position integer not null,
    batch_no integer not null,
    batch_hash blob not null
) strict;

insert into log_head (id, log_id, position, batch_no, batch_hash)
values (1, randomblob(16), 0, 0, zeroblob(32));

-- The version lives here and not in an index over `event`, so that the events can be kept in
-- segments one day. A stream's id is the position of its first event: no sequence is needed.
create table stream (
    stream_id integer primary key,
    workspace text not null,
    name text not null,
    version integer not null,
    unique (workspace, name)
) strict;

-- `payload` and `metadata` are the bytes that were hashed. `recorded_at_ms` counts milliseconds
-- since 1970. A leaf's index in a Merkle tree is its position less one.
create table event (
    position integer primary key,
    stream_id integer not null,
    version integer not null,
    event_id blob not null,
    kind text not null,
    schema_version integer not null,
    recorded_at_ms integer not null,
    payload blob not null,
    metadata blob not null,
    leaf_hash blob not null,
    unique (stream_id, version)
) strict;

-- What was committed at once. `hash` chains each batch to the one before; `leaf_prefixes` holds
-- the first eight bytes of each leaf in order, so that `verify` can name the place of damage.
create table batch (
    batch_no integer primary key,
    first_position integer not null,
    last_position integer not null,
    hash blob not null,
    leaf_prefixes blob not null
) strict;

-- The answers to requests that carried a key, kept for ever.
create table append_key (
    workspace text not null,
    actor text not null,
    key text not null,
    request_hash blob not null,
    receipt text not null,
    answer blob not null,
    primary key (workspace, actor, key)
) strict, without rowid;

create trigger event_is_not_updated before update on event
begin select raise(abort, 'update of event is refused: the log is append-only'); end;
create trigger event_is_not_deleted before delete on event
begin select raise(abort, 'delete of event is refused: the log is append-only'); end;
create trigger batch_is_not_updated before update on batch
begin select raise(abort, 'update of batch is refused: the log is append-only'); end;
create trigger batch_is_not_deleted before delete on batch
begin select raise(abort, 'delete of batch is refused: the log is append-only'); end;
create trigger append_key_is_not_updated before update on append_key
begin select raise(abort, 'update of append_key is refused: the log is append-only'); end;
create trigger append_key_is_not_deleted before delete on append_key
begin select raise(abort, 'delete of append_key is refused: the log is append-only'); end;
