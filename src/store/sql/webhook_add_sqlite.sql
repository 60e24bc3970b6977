insert into webhook_delivery (workspace, webhook_id, delivery_id, position, kind, state, attempts,
    next_attempt_at_ms, created_at_ms, changed_at_ms)
select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, 'pending', 0,
    value ->> 5, value ->> 5, value ->> 5
from json_each($1)
where true
on conflict (workspace, webhook_id, delivery_id) do nothing
