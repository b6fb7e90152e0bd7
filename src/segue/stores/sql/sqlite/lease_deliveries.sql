UPDATE deliveries
SET due_at = ?1, attempts = attempts + 1, held = 0
WHERE delivery_id IN (SELECT value FROM json_each(?2))
