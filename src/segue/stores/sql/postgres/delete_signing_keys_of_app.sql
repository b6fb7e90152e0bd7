DELETE FROM segue.signing_keys
WHERE ctid = ANY (
    ARRAY(SELECT ctid FROM segue.signing_keys WHERE app_id = $1 ORDER BY app_id, key_id LIMIT $2 FOR UPDATE)
)
RETURNING 1
