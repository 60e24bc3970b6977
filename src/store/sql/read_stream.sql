select e.position, s.workspace, s.name, e.version, e.event_id, e.kind, e.schema_version,
    e.payload, e.metadata, e.recorded_at_ms, e.leaf_hash
from stream s join event e on e.stream_id = s.stream_id
where s.workspace = $1 and s.name = $2 and e.version > $3
order by e.version
limit $4
