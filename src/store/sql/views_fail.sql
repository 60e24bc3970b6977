update projection set failure = $4
where name = $1 and generation = $2 and epoch = $3 and phase = 'building'
