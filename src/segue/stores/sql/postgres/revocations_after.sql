SELECT sequence, app_id, handle, revoked_at
FROM segue.revocations
WHERE sequence > $1
ORDER BY sequence
LIMIT $2
