insert into webhook_delivery (workspace, webhook_id, delivery_id, position, kind, state, attempts,
    next_attempt_at_ms, created_at_ms, changed_at_ms)
select row ->> 0, row ->> 1, row ->> 2, (row ->> 3)::bigint, row ->> 4, 'pending', 0,
    (row ->> 5)::bigint, (row ->> 5)::bigint, (row ->> 5)::bigint
from json_array_elements($1::json) as row
on conflict (workspace, webhook_id, delivery_id) do nothing
