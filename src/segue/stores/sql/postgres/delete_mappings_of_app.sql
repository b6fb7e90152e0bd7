DELETE FROM segue.user_id_mappings
WHERE ctid = ANY (
    ARRAY(SELECT ctid FROM segue.user_id_mappings WHERE app_id = $1 ORDER BY app_id, user_id LIMIT $2 FOR UPDATE)
)
RETURNING 1
