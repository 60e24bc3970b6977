update projection set build_cursor = $5, events_done = $6, events_per_second = $7, failure = null,
    changed_at_ms = $8
where name = $1 and generation = $2 and epoch = $3 and coalesce(build_cursor, '') = $4
    and phase = 'building' and stopped_at is null and is_paused = 0
