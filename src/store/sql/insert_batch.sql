insert into batch (batch_no, first_position, last_position, hash, leaf_prefixes)
values ($1, $2, $3, $4, $5)
