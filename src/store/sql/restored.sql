select position, taken_at_ms, restored_at_ms, resumed_at_ms, resumed_by from restored where id = 1
