DELETE FROM segue.attempts
WHERE ctid = ANY (
    ARRAY(SELECT ctid FROM segue.attempts WHERE app_id = $1 ORDER BY app_id, operation_id LIMIT $2 FOR UPDATE)
)
RETURNING 1
