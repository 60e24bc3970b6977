insert into batch (batch_no, first_position, last_position, hash, leaf_prefixes)
select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bytea[])
