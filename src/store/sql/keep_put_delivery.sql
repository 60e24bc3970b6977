insert into webhook_delivery (workspace, webhook_id, delivery_id, position, kind, state, attempts,
    next_attempt_at_ms, last_status, last_failure, answer_bytes, created_at_ms, changed_at_ms)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
