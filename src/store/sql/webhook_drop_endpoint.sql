delete from webhook_endpoint where workspace = $1 and webhook_id = $2
