select request_hash, receipt, answer from append_key
where workspace = $1 and actor = $2 and key = $3
