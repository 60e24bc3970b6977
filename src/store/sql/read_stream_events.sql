select stream_id, version, position, kind, schema_version, recorded_at_ms, payload from event
where stream_id >= $1 and (stream_id, version) > ($1, $2) and stream_id <= $3 and position <= $4
order by stream_id, version
limit $5
