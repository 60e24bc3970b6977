-- SQLite has no roles. This number is kept so that both databases count alike.
select 1;
