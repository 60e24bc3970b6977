update webhook_endpoint set failures = $3, hold_until_ms = $4, last_attempt_at_ms = $5
where workspace = $1 and webhook_id = $2
