insert into restored (id, position, taken_at_ms, restored_at_ms) values (1, $1, $2, $3)
