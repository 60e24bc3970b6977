insert into key_use (key_id, used_at_ms)
values ($1, $2)
on conflict (key_id) do update set used_at_ms = excluded.used_at_ms
where excluded.used_at_ms > key_use.used_at_ms
