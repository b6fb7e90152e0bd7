UPDATE segue.signing_keys
SET sealed_private = $3
WHERE app_id = $1 AND key_id = $2 AND sealed_private = $4
RETURNING 1
