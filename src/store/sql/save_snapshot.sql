insert into snapshot (workspace, stream, fingerprint, version, state)
values ($1, $2, $3, $4, $5)
on conflict (workspace, stream) do update
set fingerprint = excluded.fingerprint, version = excluded.version, state = excluded.state
where snapshot.fingerprint <> excluded.fingerprint or snapshot.version < excluded.version
