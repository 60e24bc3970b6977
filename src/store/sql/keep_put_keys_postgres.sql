insert into append_key (workspace, actor, key, request_hash, receipt, answer)
select * from unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::bytea[])
