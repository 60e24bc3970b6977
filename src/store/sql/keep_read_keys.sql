select workspace, actor, key, request_hash, receipt, answer from append_key
where (workspace, actor, key) > ($1, $2, $3)
order by workspace, actor, key limit $4
