update projection set phase = $4, changed_at_ms = $5
where name = $1 and generation = $2 and phase = $3
