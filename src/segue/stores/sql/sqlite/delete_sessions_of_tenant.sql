DELETE FROM sessions
WHERE row_id IN (SELECT row_id FROM sessions WHERE app_id = ?1 AND tenant_id = ?2 LIMIT ?3)
RETURNING handle
