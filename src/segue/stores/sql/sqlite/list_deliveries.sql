SELECT
    delivery_id, app_id, provider, claim_id, handle, sealed,
    created_at, due_at, attempts, state, last_error, settled_at, held
FROM deliveries
WHERE state = ?1
ORDER BY created_at, row_id
LIMIT ?2
