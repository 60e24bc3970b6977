delete from webhook_delivery where (workspace, webhook_id, delivery_id) in (
    select workspace, webhook_id, delivery_id from webhook_delivery
    where state <> 'pending' and changed_at_ms < $1
    order by changed_at_ms limit $2)
