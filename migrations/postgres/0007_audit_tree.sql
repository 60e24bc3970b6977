-- The Merkle tree over the log (RFC 6962): grown behind the writers, signed, and proved from. All of
-- it but the signatures follows from the events.

-- One row: who grows the tree, and how many events are in it. A new one has a higher epoch, and
-- nothing is written under an older one.
create table audit_sealer (
    id bigint primary key,
    owner text not null,
    epoch bigint not null,
    expires_at_ms bigint not null,
    size bigint not null
);

insert into audit_sealer (id, owner, epoch, expires_at_ms, size) values (1, '', 0, 0, 0);

-- 256 hashes a tile, each 43 characters of base64. Level 0 has the leaves, each level above a hash
-- for each full tile below. A tile that is not full yet grows, and does nothing else.
create table audit_tile (
    level bigint not null,
    number bigint not null,
    hashes text not null,
    primary key (level, number)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

-- The checkpoints that were signed, as signed notes.
create table audit_checkpoint (
    size bigint primary key,
    note text not null,
    created_at_ms bigint not null
);

-- The public key of this log: a server with another private key signs nothing.
create table audit_key (
    id bigint primary key,
    verifier text not null,
    created_at_ms bigint not null
);

-- Up to which checkpoint each place outside was told.
create table audit_anchor (
    name text primary key,
    size bigint not null,
    told_at_ms bigint not null,
    failure text
);

create function refuse_shrinking() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and starts_with(new.hashes, old.hashes) then
        return new;
    end if;
    raise exception '% of % is refused: a tile only grows', tg_op, tg_table_name
        using errcode = 'restrict_violation';
end
$$;

create trigger audit_tile_only_grows before update or delete on audit_tile
    for each row execute function refuse_shrinking();
create trigger audit_tile_is_not_truncated before truncate on audit_tile
    for each statement execute function refuse_change();
create trigger audit_checkpoint_is_not_changed before update or delete on audit_checkpoint
    for each row execute function refuse_change();
create trigger audit_checkpoint_is_not_truncated before truncate on audit_checkpoint
    for each statement execute function refuse_change();

do $$
begin
    if not exists (select from pg_roles where rolname = 'ax_runtime') then
        return;
    end if;
    grant select, insert on audit_checkpoint, audit_key to ax_runtime;
    grant select, insert, update on audit_sealer, audit_tile, audit_anchor to ax_runtime;
exception
    when insufficient_privilege then null;
end
$$;
