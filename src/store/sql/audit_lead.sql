update audit_sealer set epoch = case when owner = $1 then epoch else epoch + 1 end,
    owner = $1, expires_at_ms = $3
where id = 1 and (owner = $1 or expires_at_ms <= $2)
returning epoch, size
