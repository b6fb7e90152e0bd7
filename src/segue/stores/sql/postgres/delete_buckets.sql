DELETE FROM segue.limit_buckets
WHERE ctid = ANY (
    ARRAY(
        SELECT ctid
        FROM segue.limit_buckets
        WHERE empty_at < $1
        ORDER BY empty_at
        LIMIT $2
        FOR UPDATE SKIP LOCKED
    )
)
RETURNING 1
