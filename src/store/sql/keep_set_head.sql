update log_head set log_id = $1, position = $2, batch_no = $3, batch_hash = $4 where id = 1
