select hash from batch where batch_no = $1
