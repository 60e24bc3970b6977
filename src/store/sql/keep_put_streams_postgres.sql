insert into stream (stream_id, workspace, name, version)
select * from unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[])
