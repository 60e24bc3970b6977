update projection set phase = 'catching_up', position = target, prefix_hash = $4, changed_at_ms = $5
where name = $1 and generation = $2 and epoch = $3 and phase = 'building' and stopped_at is null
