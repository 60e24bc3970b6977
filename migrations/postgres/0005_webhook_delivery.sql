-- What webhooks send: a cursor on the log, and a row for each event on its way to each webhook. A
-- body is never kept here: it is made from the log again whenever it is sent, and no secret is.

-- One row: who sends, and up to where the log was looked at. A new sender has a higher epoch, and
-- nothing is written under an older one.
create table webhook_sender (
    id bigint primary key,
    owner text not null,
    epoch bigint not null,
    expires_at_ms bigint not null,
    position bigint not null
);

insert into webhook_sender (id, owner, epoch, expires_at_ms, position)
select 1, '', 0, 0, position from log_head;

-- Every webhook that was not removed, with its settings as they were at the sender's position.
-- behind_at: where its own cursor is, when more waits for it than fits. hold_until_ms: a receiver
-- that fails again and again, or says when to come back, is left alone until then.
create table webhook_endpoint (
    workspace text not null,
    webhook_id text not null,
    settings text not null,
    is_enabled bigint not null,
    disabled_why text,
    behind_at bigint,
    failures bigint not null,
    hold_until_ms bigint not null,
    last_attempt_at_ms bigint not null,
    primary key (workspace, webhook_id)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

-- Position 0: a trial, which is about no event.
create table webhook_delivery (
    workspace text not null,
    webhook_id text not null,
    delivery_id text not null,
    position bigint not null,
    kind text not null,
    state text not null,
    attempts bigint not null,
    next_attempt_at_ms bigint not null,
    last_status bigint,
    last_failure text,
    answer_bytes bigint,
    created_at_ms bigint not null,
    changed_at_ms bigint not null,
    primary key (workspace, webhook_id, delivery_id)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

create index webhook_delivery_pending
    on webhook_delivery (workspace, webhook_id, position, next_attempt_at_ms)
    where state = 'pending';
create index webhook_delivery_newest
    on webhook_delivery (workspace, webhook_id, created_at_ms, delivery_id);
create index webhook_delivery_changed on webhook_delivery (changed_at_ms) where state <> 'pending';

do $$
begin
    if not exists (select from pg_roles where rolname = 'ax_runtime') then
        return;
    end if;
    grant select, insert, update, delete on webhook_sender, webhook_endpoint, webhook_delivery
        to ax_runtime;
exception
    when insufficient_privilege then null;
end
$$;
