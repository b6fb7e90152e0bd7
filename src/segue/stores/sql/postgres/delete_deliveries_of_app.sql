DELETE FROM segue.deliveries
WHERE ctid = ANY (
    ARRAY(SELECT ctid FROM segue.deliveries WHERE app_id = $1 ORDER BY app_id, position LIMIT $2 FOR UPDATE)
)
RETURNING 1
