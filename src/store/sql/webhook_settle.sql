update webhook_delivery set state = $4, attempts = $5, next_attempt_at_ms = $6, last_status = $7,
    last_failure = $8, answer_bytes = $9, changed_at_ms = $10
where workspace = $1 and webhook_id = $2 and delivery_id = $3 and state = 'pending'
