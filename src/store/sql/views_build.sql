update projection set build_cursor = $5, events_done = $6, changed_at_ms = $7
where name = $1 and generation = $2 and epoch = $3 and coalesce(build_cursor, '') = $4
    and phase = 'building'
