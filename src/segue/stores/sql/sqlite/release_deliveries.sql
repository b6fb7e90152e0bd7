UPDATE deliveries
SET due_at = ?3, held = 0
WHERE app_id = ?1 AND held = 1 AND handle IN (SELECT value FROM json_each(?2))
RETURNING 1
