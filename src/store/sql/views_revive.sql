update projection set phase = 'catching_up', compared = 'gone back to', is_refused = 0,
    switches_by_itself = 1, stopped_at = null, stopped_why = null, changed_at_ms = $3
where name = $1 and generation = $2 and phase = 'retired'
