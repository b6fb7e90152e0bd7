DELETE FROM attempts
WHERE app_id = ?1 AND operation_id IN (
    SELECT operation_id FROM attempts WHERE app_id = ?1 AND operation_id < ?2 ORDER BY operation_id LIMIT ?3
)
RETURNING 1
