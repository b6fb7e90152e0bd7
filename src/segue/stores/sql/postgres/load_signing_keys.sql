SELECT key_id, kind, algorithm, created_at, sealed_private
FROM segue.signing_keys
WHERE app_id = $1
ORDER BY created_at, key_id
