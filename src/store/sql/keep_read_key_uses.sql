select key_id, used_at_ms from key_use
where key_id > $1 order by key_id limit $2
