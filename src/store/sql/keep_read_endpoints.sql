select workspace, webhook_id, settings, is_enabled, disabled_why, behind_at, failures,
    hold_until_ms, last_attempt_at_ms
from webhook_endpoint
where (workspace, webhook_id) > ($1, $2) order by workspace, webhook_id limit $3
