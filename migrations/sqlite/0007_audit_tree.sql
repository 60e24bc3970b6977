-- The Merkle tree over the log (RFC 6962): grown behind the writers, signed, and proved from. All of
-- it but the signatures follows from the events.

-- One row: who grows the tree, and how many events are in it. A new one has a higher epoch, and
-- nothing is written under an older one.
create table audit_sealer (
    id integer primary key,
    owner text not null,
    epoch integer not null,
    expires_at_ms integer not null,
    size integer not null
) strict;

insert into audit_sealer (id, owner, epoch, expires_at_ms, size) values (1, '', 0, 0, 0);

-- 256 hashes a tile, each 43 characters of base64. Level 0 has the leaves, each level above a hash
-- for each full tile below. A tile that is not full yet grows, and does nothing else.
create table audit_tile (
    level integer not null,
    number integer not null,
    hashes text not null,
    primary key (level, number)
) strict;

-- The checkpoints that were signed, as signed notes.
create table audit_checkpoint (
    size integer primary key,
    note text not null,
    created_at_ms integer not null
) strict;

-- The public key of this log: a server with another private key signs nothing.
create table audit_key (
    id integer primary key,
    verifier text not null,
    created_at_ms integer not null
) strict;

-- Up to which checkpoint each place outside was told.
create table audit_anchor (
    name text primary key,
    size integer not null,
    told_at_ms integer not null,
    failure text
) strict, without rowid;

create trigger audit_tile_only_grows before update on audit_tile
when substr(new.hashes, 1, length(old.hashes)) <> old.hashes
begin select raise(abort, 'update of audit_tile is refused: a tile only grows'); end;
create trigger audit_tile_is_not_deleted before delete on audit_tile
begin select raise(abort, 'delete of audit_tile is refused: the tree only grows'); end;
create trigger audit_checkpoint_is_not_updated before update on audit_checkpoint
begin select raise(abort, 'update of audit_checkpoint is refused: it was signed'); end;
create trigger audit_checkpoint_is_not_deleted before delete on audit_checkpoint
begin select raise(abort, 'delete of audit_checkpoint is refused: it was signed'); end;
