update projection set alarm = $3
where name = $1 and generation = $2 and alarm is null
