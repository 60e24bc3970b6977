select hashes from audit_tile where level = $1 and number = $2
