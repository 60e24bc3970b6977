select position from webhook_sender where id = 1
