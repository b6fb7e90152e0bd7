DELETE FROM attempts
WHERE (app_id, operation_id) IN (SELECT app_id, operation_id FROM attempts WHERE app_id = ?1 LIMIT ?2)
RETURNING 1
