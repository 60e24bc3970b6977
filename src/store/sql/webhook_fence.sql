update webhook_sender set epoch = epoch where id = 1 and epoch = $1
