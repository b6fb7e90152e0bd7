DELETE FROM sessions
WHERE app_id = ?1 AND tenant_id = ?2
RETURNING handle, expires_at
