update projection set compared = $4, is_refused = $5, phase = $6, changed_at_ms = $7
where name = $1 and generation = $2 and epoch = $3 and phase = 'catching_up'
