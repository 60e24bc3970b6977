select verifier from audit_key where id = 1
