delete from projection where name = $1 and generation = $2
