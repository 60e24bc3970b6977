update projection set stopped_at = null, stopped_why = null, skipped = $3, changed_at_ms = $4
where name = $1 and generation = $2
