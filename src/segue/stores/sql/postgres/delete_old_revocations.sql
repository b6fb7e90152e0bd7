DELETE FROM segue.revocations
WHERE ctid = ANY (
    ARRAY(
        SELECT ctid
        FROM segue.revocations
        WHERE revoked_at < $1
        ORDER BY revoked_at
        LIMIT $2
        FOR UPDATE SKIP LOCKED
    )
)
RETURNING 1
