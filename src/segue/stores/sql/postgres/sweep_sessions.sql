-- Looks at the sessions whose turn it is: what is over goes, what has been refreshed since gets its next turn.
WITH due AS MATERIALIZED (
    SELECT ctid AS place, expires_at <= $1::bigint AS is_over
    FROM segue.sessions
    WHERE sweep_at <= $1::bigint
    ORDER BY sweep_at
    LIMIT $2
    FOR UPDATE SKIP LOCKED
),
gone AS (
    DELETE FROM segue.sessions
    WHERE ctid = ANY (ARRAY(SELECT place FROM due WHERE is_over))
    RETURNING 1
),
moved AS (
    UPDATE segue.sessions
    SET sweep_at = expires_at
    WHERE ctid = ANY (ARRAY(SELECT place FROM due WHERE NOT is_over))
    RETURNING 1
)
SELECT (SELECT count(*) FROM gone), (SELECT count(*) FROM moved)
