-- What may be lost: snapshots are folded again from the log, presence is renewed by the agents.

create table snapshot (
    workspace text not null,
    stream text not null,
    fingerprint blob not null,
    version integer not null,
    state blob not null,
    primary key (workspace, stream)
) strict;

create table lease_presence (
    workspace text not null,
    execution_id text not null,
    task_id text not null,
    agent_id text not null,
    epoch integer not null,
    seen_at_ms integer not null,
    progress_percent integer,
    primary key (workspace, execution_id, task_id)
) strict, without rowid;

create table agent_presence (
    workspace text not null,
    agent_id text not null,
    last_seen_at_ms integer not null,
    primary key (workspace, agent_id)
) strict, without rowid;
