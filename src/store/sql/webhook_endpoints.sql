select e.workspace, e.webhook_id, e.settings, e.is_enabled, e.disabled_why, e.behind_at,
    e.failures, e.hold_until_ms,
    (select count(*) from webhook_delivery d
     where d.workspace = e.workspace and d.webhook_id = e.webhook_id and d.state = 'pending')
from webhook_endpoint e
where (cast($1 as text) is null or e.workspace = $1) and (cast($2 as text) is null or e.webhook_id = $2)
order by e.workspace, e.webhook_id
