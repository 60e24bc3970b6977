select (select count(*) from webhook_delivery where state = 'pending'),
    (select count(*) from webhook_delivery where state = 'failed'),
    (select count(*) from webhook_delivery where state = 'dead'),
    (select min(created_at_ms) from webhook_delivery where state = 'pending')
