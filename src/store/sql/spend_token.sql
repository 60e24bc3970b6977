delete from access_token
where token_hash = $1 and kind = $2
returning workspace, bearer, seen_at_ms, until_ms
