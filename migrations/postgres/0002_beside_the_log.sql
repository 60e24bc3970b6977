-- What may be lost: snapshots are folded again from the log, presence is renewed by the agents.

create table snapshot (
    workspace text not null,
    stream text not null,
    fingerprint bytea not null,
    version bigint not null,
    state bytea not null,
    primary key (workspace, stream)
);

-- Renewals of leases: narrow and hot, so that pages keep room and no index holds what changes.
create table lease_presence (
    workspace text not null,
    execution_id text not null,
    task_id text not null,
    agent_id text not null,
    epoch bigint not null,
    seen_at_ms bigint not null,
    progress_percent smallint,
    primary key (workspace, execution_id, task_id)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

create table agent_presence (
    workspace text not null,
    agent_id text not null,
    last_seen_at_ms bigint not null,
    primary key (workspace, agent_id)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
