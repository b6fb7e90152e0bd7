SELECT
    delivery_id, app_id, provider, claim_id, handle, sealed,
    created_at, due_at, attempts, state, last_error, settled_at, held
FROM segue.deliveries
WHERE state = $1
ORDER BY created_at, position
LIMIT $2
