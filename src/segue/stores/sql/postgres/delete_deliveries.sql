DELETE FROM segue.deliveries
WHERE ctid = ANY (
    ARRAY(
        SELECT ctid
        FROM segue.deliveries
        WHERE state = $1 AND settled_at < $2
        ORDER BY settled_at
        LIMIT $3
        FOR UPDATE SKIP LOCKED
    )
)
RETURNING 1
