update projection set position = $5, prefix_hash = $6, changed_at_ms = $7
where name = $1 and generation = $2 and epoch = $3 and position = $4 and stopped_at is null
