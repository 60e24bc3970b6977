select version, state from snapshot where workspace = $1 and stream = $2 and fingerprint = $3
