select log_id, position, batch_no, batch_hash from log_head where id = 1
