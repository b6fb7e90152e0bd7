DELETE FROM segue.claims
WHERE ctid = ANY (
    ARRAY(SELECT ctid FROM segue.claims WHERE app_id = $1 ORDER BY app_id, claim_id LIMIT $2 FOR UPDATE)
)
RETURNING 1
