update audit_sealer set expires_at_ms = 0 where id = 1 and owner = $1
