insert into audit_key (id, verifier, created_at_ms) values (1, $1, $2)
on conflict (id) do nothing
