select generation, position, changed_at_ms, stopped_at, tables from projection
where name = $1 and phase = 'live'
