insert into webhook_endpoint (workspace, webhook_id, settings, is_enabled, disabled_why, failures,
    hold_until_ms, last_attempt_at_ms)
values ($1, $2, $3, $4, $5, 0, 0, 0)
on conflict (workspace, webhook_id) do update set settings = excluded.settings,
    is_enabled = excluded.is_enabled, disabled_why = excluded.disabled_why, failures = 0,
    hold_until_ms = 0
