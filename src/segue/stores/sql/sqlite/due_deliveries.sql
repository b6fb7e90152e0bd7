SELECT
    delivery_id, app_id, provider, claim_id, handle, sealed,
    created_at, due_at, attempts, state, last_error, settled_at, held
FROM deliveries INDEXED BY deliveries_due
WHERE state = 'pending' AND due_at <= ?1
ORDER BY due_at, row_id
LIMIT ?2
