select workspace, actor, key, receipt from append_key
where (workspace, actor, key) > ($1, $2, $3)
order by workspace, actor, key limit $4
