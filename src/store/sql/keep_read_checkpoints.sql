select size, note, created_at_ms from audit_checkpoint
where size > $1 order by size limit $2
