select stream_id, workspace, name, version from stream
where stream_id > $1 and stream_id <= $2
order by stream_id
limit $3
