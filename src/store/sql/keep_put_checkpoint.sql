insert into audit_checkpoint (size, note, created_at_ms) values ($1, $2, $3)
