select e.position, s.workspace, s.name, e.version, e.event_id, e.kind, e.schema_version,
    e.payload, e.metadata, e.recorded_at_ms, e.leaf_hash
from event e join stream s on s.stream_id = e.stream_id
where e.position > $1 and e.position <= $2
    and ($4 is null or s.workspace = $4)
    and ($5 is null or s.name = $5)
    and ($6 is null or e.recorded_at_ms >= $6)
    and ($7 is null or e.recorded_at_ms < $7)
    and ($8 is null or e.kind in (select value from json_each($8)))
    and ($9 is null or e.kind not in (select value from json_each($9)))
order by e.position
limit $3
