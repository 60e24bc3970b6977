update audit_sealer set size = $3 where id = 1 and epoch = $1 and size = $2
