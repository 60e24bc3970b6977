select current_setting('server_version_num')::integer, current_setting('server_version'),
    current_setting('fsync'), current_setting('full_page_writes'),
    current_setting('synchronous_commit')
