insert into audit_anchor (name, size, told_at_ms, failure) values ($1, $2, $3, $4)
