select workspace, bearer, seen_at_ms, until_ms
from access_token
where token_hash = $1 and kind = $2
