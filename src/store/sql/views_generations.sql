select name, generation, window_version, fingerprint, tables, phase, position, prefix_hash, log_id,
    epoch, stopped_at, stopped_why, skipped, target, build_cursor, events_done, is_paused,
    events_per_second_max, events_per_second, switches_by_itself, compared, is_refused, failure,
    alarm, started_at_ms, changed_at_ms
from projection
order by name, generation
