update projection set is_paused = $3, events_per_second_max = $4
where name = $1 and generation = $2
