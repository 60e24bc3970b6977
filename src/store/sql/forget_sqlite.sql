delete from lease_presence as p
where exists (
    select 1 from json_each($1) as ended
    where p.workspace = ended.value ->> 0 and p.execution_id = ended.value ->> 1
        and p.task_id = ended.value ->> 2 and p.epoch <= ended.value ->> 3
)
