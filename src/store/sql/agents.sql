select workspace, agent_id, last_seen_at_ms from agent_presence order by workspace, agent_id
