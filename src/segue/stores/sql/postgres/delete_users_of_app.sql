DELETE FROM segue.users
WHERE ctid = ANY (
    ARRAY(SELECT ctid FROM segue.users WHERE app_id = $1 ORDER BY app_id, user_id LIMIT $2 FOR UPDATE)
)
RETURNING 1
