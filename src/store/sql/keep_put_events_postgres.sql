insert into event (position, stream_id, version, event_id, kind, schema_version, recorded_at_ms,
    payload, metadata, leaf_hash)
select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::uuid[], $5::text[],
    $6::integer[], $7::bigint[], $8::bytea[], $9::bytea[], $10::bytea[])
