-- The lock on the head and everything behind it: where the head has moved meanwhile, the first part
-- is empty (its condition is looked at again under the lock), and so is all that follows.
with head as (
    select id from log_head where id = 1 and batch_no = $21 - 1 and batch_hash = $26 for update
), written_event as (
    insert into event (position, stream_id, version, event_id, kind, schema_version,
        recorded_at_ms, payload, metadata, leaf_hash)
    select rows.* from head, unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::uuid[],
        $5::text[], $6::integer[], $7::bigint[], $8::bytea[], $9::bytea[], $10::bytea[]) as rows
), written_stream as (
    insert into stream (stream_id, workspace, name, version)
    select rows.* from head, unnest($11::bigint[], $12::text[], $13::text[], $14::bigint[]) as rows
    on conflict (stream_id) do update set version = excluded.version
), written_key as (
    insert into append_key (workspace, actor, key, request_hash, receipt, answer)
    select rows.* from head, unnest($15::text[], $16::text[], $17::text[], $18::bytea[],
        $19::text[], $20::bytea[]) as rows
), written_batch as (
    insert into batch (batch_no, first_position, last_position, hash, leaf_prefixes)
    select $21, $22, $23, $24, $25 from head
)
update log_head set position = $23, batch_no = $21, batch_hash = $24
from head where log_head.id = head.id
returning pg_current_xact_id()::text
