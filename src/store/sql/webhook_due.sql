select d.workspace, d.webhook_id, d.delivery_id, d.position, d.kind, d.state, d.attempts,
    d.next_attempt_at_ms, d.last_status, d.last_failure, d.answer_bytes, d.created_at_ms,
    d.changed_at_ms
from webhook_endpoint e join webhook_delivery d
    on d.workspace = e.workspace and d.webhook_id = e.webhook_id and d.state = 'pending'
    and d.position = (
        select min(first.position) from webhook_delivery first
        where first.workspace = e.workspace and first.webhook_id = e.webhook_id
            and first.state = 'pending' and first.next_attempt_at_ms <= $1)
where e.is_enabled = 1 and e.hold_until_ms <= $1 and d.next_attempt_at_ms <= $1
order by e.last_attempt_at_ms, d.workspace, d.webhook_id, d.created_at_ms, d.delivery_id
limit $2
