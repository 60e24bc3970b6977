update projection set epoch = $1 where epoch < $1
