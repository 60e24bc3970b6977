insert into agent_presence (workspace, agent_id, last_seen_at_ms)
select * from unnest($1::text[], $2::text[], $3::bigint[])
on conflict (workspace, agent_id) do update set last_seen_at_ms = excluded.last_seen_at_ms
where excluded.last_seen_at_ms > agent_presence.last_seen_at_ms
