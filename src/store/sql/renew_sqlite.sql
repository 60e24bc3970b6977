insert into lease_presence
    (workspace, execution_id, task_id, agent_id, epoch, seen_at_ms, progress_percent)
select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
from json_each($1) where true
on conflict (workspace, execution_id, task_id) do update
set agent_id = excluded.agent_id, epoch = excluded.epoch, seen_at_ms = excluded.seen_at_ms,
    progress_percent = excluded.progress_percent
where (excluded.epoch, excluded.seen_at_ms) >= (lease_presence.epoch, lease_presence.seen_at_ms)
