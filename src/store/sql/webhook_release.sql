update webhook_endpoint set hold_until_ms = 0 where workspace = $1 and webhook_id = $2
