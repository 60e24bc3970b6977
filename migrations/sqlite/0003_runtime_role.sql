-- SQLite has no roles: the triggers of 0001 refuse what a role refuses on PostgreSQL. This number
-- is kept so that both databases count alike.
select 1;
