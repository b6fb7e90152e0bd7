DELETE FROM segue.identities
WHERE ctid = ANY (
    ARRAY(SELECT ctid FROM segue.identities WHERE app_id = $1 ORDER BY app_id, subject_digest LIMIT $2 FOR UPDATE)
)
RETURNING 1
