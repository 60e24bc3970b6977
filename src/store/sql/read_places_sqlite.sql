select e.position, s.workspace, s.name, e.version
from event e join stream s on s.stream_id = e.stream_id
where e.position in (select value from json_each($1))
order by e.position
