select e.position, s.workspace, s.name, e.version, e.event_id, e.kind, e.schema_version,
    e.payload, e.metadata, e.recorded_at_ms, e.leaf_hash
from event e join stream s on s.stream_id = e.stream_id
where e.position > $1 and e.position <= $2
order by e.position
