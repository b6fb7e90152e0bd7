DELETE FROM sessions
WHERE app_id = ?1 AND handle IN (SELECT value FROM json_each(?2))
RETURNING handle, expires_at
