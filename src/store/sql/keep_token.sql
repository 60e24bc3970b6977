insert into access_token (token_hash, kind, workspace, bearer, seen_at_ms, until_ms)
values ($1, $2, $3, $4, $5, $6)
