update restored set resumed_at_ms = $1, resumed_by = $2 where id = 1 and resumed_at_ms is null
