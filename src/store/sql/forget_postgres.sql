delete from lease_presence p
using unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
    as ended (workspace, execution_id, task_id, epoch)
where p.workspace = ended.workspace and p.execution_id = ended.execution_id
    and p.task_id = ended.task_id and p.epoch <= ended.epoch
