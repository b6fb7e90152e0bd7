-- A worker passes over what another one takes at the same moment.
WITH due AS MATERIALIZED (
    SELECT
        ctid AS place, position,
        delivery_id, app_id, provider, claim_id, handle, sealed,
        created_at, due_at, attempts, state, last_error, settled_at
    FROM segue.deliveries
    WHERE state = 'pending' AND due_at <= $1
    ORDER BY due_at, position
    LIMIT $3
    FOR UPDATE SKIP LOCKED
),
leased AS (
    UPDATE segue.deliveries
    SET due_at = $2::bigint, attempts = attempts + 1, held = 0
    WHERE ctid = ANY (ARRAY(SELECT place FROM due))
    RETURNING delivery_id
)
SELECT
    delivery_id, due.app_id, due.provider, due.claim_id, due.handle, due.sealed,
    due.created_at, $2::bigint, due.attempts + 1, due.state, due.last_error, due.settled_at, 0
FROM due
JOIN leased USING (delivery_id)
ORDER BY due.due_at, due.position
