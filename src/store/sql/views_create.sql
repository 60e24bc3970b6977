insert into projection (name, generation, window_version, fingerprint, tables, phase, position,
    prefix_hash, log_id, epoch, stopped_at, stopped_why, skipped, target, build_cursor, events_done,
    is_paused, events_per_second_max, started_at_ms, changed_at_ms)
values ($1, $2, $3, $4, $5, $6, 0, '', $7, 0, null, null, '[]', $8, null, 0, 0, $9, $10, $10)
