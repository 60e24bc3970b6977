update webhook_endpoint set behind_at = $3 where workspace = $1 and webhook_id = $2
