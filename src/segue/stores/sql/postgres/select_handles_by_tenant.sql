SELECT handle
FROM segue.sessions
WHERE app_id = $1 AND tenant_id = $2
LIMIT $3
