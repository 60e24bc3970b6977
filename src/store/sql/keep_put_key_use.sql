insert into key_use (key_id, used_at_ms) values ($1, $2)
