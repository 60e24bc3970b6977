update webhook_sender set position = $3 where id = 1 and epoch = $1 and position = $2
