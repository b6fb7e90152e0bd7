DELETE FROM segue.claims
WHERE ctid = ANY (
    ARRAY(
        SELECT ctid
        FROM segue.claims
        WHERE keep_until < $1
        ORDER BY keep_until
        LIMIT $2
        FOR UPDATE SKIP LOCKED
    )
)
RETURNING 1
