select owner, epoch, expires_at_ms from projector where id = 1
