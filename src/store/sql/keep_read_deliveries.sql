select workspace, webhook_id, delivery_id, position, kind, state, attempts, next_attempt_at_ms,
    last_status, last_failure, answer_bytes, created_at_ms, changed_at_ms
from webhook_delivery
where (workspace, webhook_id, delivery_id) > ($1, $2, $3)
order by workspace, webhook_id, delivery_id limit $4
