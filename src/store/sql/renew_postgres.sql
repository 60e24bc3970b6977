insert into lease_presence
    (workspace, execution_id, task_id, agent_id, epoch, seen_at_ms, progress_percent)
select * from unnest
    ($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::smallint[])
on conflict (workspace, execution_id, task_id) do update
set agent_id = excluded.agent_id, epoch = excluded.epoch, seen_at_ms = excluded.seen_at_ms,
    progress_percent = excluded.progress_percent
where (excluded.epoch, excluded.seen_at_ms) >= (lease_presence.epoch, lease_presence.seen_at_ms)
