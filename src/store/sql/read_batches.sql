select batch_no, first_position, last_position, hash, leaf_prefixes
from batch where batch_no > $1 order by batch_no limit $2
