insert into projection (name, generation, window_version, fingerprint, tables, phase, position,
    prefix_hash, log_id, epoch, stopped_at, stopped_why, skipped, target, build_cursor, events_done,
    is_paused, events_per_second_max, events_per_second, switches_by_itself, compared, is_refused,
    failure, alarm, started_at_ms, changed_at_ms)
select $1, $2, $3, $4, $5, $6, 0, $7, $8, projector.epoch, null, null, $9, $10, null, 0, 0, $11, 0,
    $12, null, 0, null, null, $13, $13
from projector where id = 1
