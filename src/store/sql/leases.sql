select workspace, agent_id, execution_id, task_id, epoch, seen_at_ms, progress_percent
from lease_presence
where ($1 is null or workspace = $1) and ($2 is null or execution_id = $2)
order by workspace, execution_id, task_id
