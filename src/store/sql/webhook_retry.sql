update webhook_delivery set state = 'pending', attempts = 0, next_attempt_at_ms = $4,
    changed_at_ms = $4
where workspace = $1 and webhook_id = $2 and delivery_id = $3
