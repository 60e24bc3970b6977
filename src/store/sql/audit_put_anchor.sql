insert into audit_anchor (name, size, told_at_ms, failure) values ($1, $2, $3, $4)
on conflict (name) do update set size = excluded.size, told_at_ms = excluded.told_at_ms,
    failure = excluded.failure
