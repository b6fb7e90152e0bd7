DELETE FROM segue.attempt_counts
WHERE ctid = ANY (
    ARRAY(SELECT ctid FROM segue.attempt_counts WHERE app_id = $1 ORDER BY app_id, provider LIMIT $2 FOR UPDATE)
)
RETURNING 1
