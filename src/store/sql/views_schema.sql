create table if not exists projection (
    name text not null,
    generation bigint not null,
    window_version bigint not null,
    fingerprint text not null,
    tables text not null,
    phase text not null,
    position bigint not null,
    prefix_hash text not null,
    log_id text not null,
    epoch bigint not null,
    stopped_at bigint,
    stopped_why text,
    skipped text not null,
    target bigint not null,
    build_cursor text,
    events_done bigint not null,
    is_paused bigint not null,
    events_per_second_max bigint,
    events_per_second bigint not null,
    switches_by_itself bigint not null,
    compared text,
    is_refused bigint not null,
    failure text,
    alarm text,
    started_at_ms bigint not null,
    changed_at_ms bigint not null,
    primary key (name, generation)
);
create table if not exists projector (
    id bigint primary key,
    owner text not null,
    epoch bigint not null,
    expires_at_ms bigint not null
);
insert into projector (id, owner, epoch, expires_at_ms) values (1, '', 0, 0)
on conflict (id) do nothing;
