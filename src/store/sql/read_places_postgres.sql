select e.position, s.workspace, s.name, e.version
from event e join stream s on s.stream_id = e.stream_id
where e.position = any ($1::bigint[])
order by e.position
