DELETE FROM segue.rollouts
WHERE ctid = ANY (
    ARRAY(SELECT ctid FROM segue.rollouts WHERE app_id = $1 ORDER BY app_id, provider LIMIT $2 FOR UPDATE)
)
RETURNING 1
