select key_id, used_at_ms from key_use order by key_id
