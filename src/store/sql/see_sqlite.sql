insert into agent_presence (workspace, agent_id, last_seen_at_ms)
select value ->> 0, value ->> 1, value ->> 2 from json_each($1) where true
on conflict (workspace, agent_id) do update set last_seen_at_ms = excluded.last_seen_at_ms
where excluded.last_seen_at_ms > agent_presence.last_seen_at_ms
