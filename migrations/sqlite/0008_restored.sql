-- One row where this database was made from a backup: which, when, and who said that work goes on.
-- Until then nothing is given out, nothing falls due, and nothing is sent.
create table restored (
    id integer primary key check (id = 1),
    position integer not null,
    taken_at_ms integer not null,
    restored_at_ms integer not null,
    resumed_at_ms integer,
    resumed_by text
) strict;
