select name, size, told_at_ms, failure from audit_anchor order by name
