DELETE FROM sessions
WHERE row_id IN (SELECT row_id FROM sessions WHERE app_id = ?1 LIMIT ?2)
RETURNING handle
