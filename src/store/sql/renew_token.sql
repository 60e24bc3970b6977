update access_token set seen_at_ms = $2
where token_hash = $1 and seen_at_ms < $2
