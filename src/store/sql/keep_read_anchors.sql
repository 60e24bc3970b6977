select name, size, told_at_ms, failure from audit_anchor
where name > $1 order by name limit $2
