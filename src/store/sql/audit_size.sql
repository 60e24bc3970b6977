select size from audit_sealer where id = 1
