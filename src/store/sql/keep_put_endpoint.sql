insert into webhook_endpoint (workspace, webhook_id, settings, is_enabled, disabled_why, behind_at,
    failures, hold_until_ms, last_attempt_at_ms)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
