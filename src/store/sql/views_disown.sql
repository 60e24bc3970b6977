update projection set fingerprint = '' where name = $1 and generation = $2
