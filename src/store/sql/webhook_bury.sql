update webhook_delivery set state = 'dead', last_failure = $3, changed_at_ms = $4
where workspace = $1 and webhook_id = $2 and state = 'pending'
