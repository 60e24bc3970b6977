update log_head set position = $1, batch_no = $2, batch_hash = $3
where id = 1 and batch_no = $2 - 1
