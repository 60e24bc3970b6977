select min(case when e.hold_until_ms > d.next_attempt_at_ms then e.hold_until_ms
    else d.next_attempt_at_ms end)
from webhook_endpoint e join webhook_delivery d
    on d.workspace = e.workspace and d.webhook_id = e.webhook_id and d.state = 'pending'
where e.is_enabled = 1
    and case when e.hold_until_ms > d.next_attempt_at_ms then e.hold_until_ms
        else d.next_attempt_at_ms end > $1
