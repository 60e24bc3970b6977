delete from access_token where until_ms < $1
