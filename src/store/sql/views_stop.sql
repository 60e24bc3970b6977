update projection set stopped_at = $4, stopped_why = $5, changed_at_ms = $6
where name = $1 and generation = $2 and epoch = $3
