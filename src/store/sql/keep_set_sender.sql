update webhook_sender set position = $1 where id = 1
