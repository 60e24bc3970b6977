select 0 as part, null::text as workspace, null::text as name, null::text as key,
    h.position as number, h.batch_no as second_number, h.log_id, h.batch_hash as hash,
    null::text as receipt, null::bytea as answer
from log_head h where h.id = 1
union all
select 1, s.workspace, s.name, null, s.stream_id, s.version, null, null, null, null
from unnest($1::text[], $2::text[]) as wanted (workspace, name)
    join stream s on s.workspace = wanted.workspace and s.name = wanted.name
union all
select 2, k.workspace, k.actor, k.key, null, null, null, k.request_hash, k.receipt, k.answer
from unnest($3::text[], $4::text[], $5::text[]) as wanted (workspace, actor, key)
    join append_key k on k.workspace = wanted.workspace and k.actor = wanted.actor
        and k.key = wanted.key
