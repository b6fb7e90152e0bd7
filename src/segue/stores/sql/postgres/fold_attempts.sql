WITH gone AS (
    DELETE FROM segue.attempts
    WHERE ctid = ANY (
        ARRAY(
            SELECT ctid
            FROM segue.attempts
            WHERE app_id = $1 AND operation_id < $2
            ORDER BY operation_id
            LIMIT $3
            FOR UPDATE SKIP LOCKED
        )
    )
    RETURNING
        app_id, provider, tenant_id, mode, stage, code, retryable, verified, count, attempted_at, old_ends_at
),
summed AS (
    SELECT
        app_id, provider, tenant_id, mode, stage, code, retryable, verified,
        sum(count)::bigint AS count, min(attempted_at) AS first_at, max(attempted_at) AS last_at,
        max(old_ends_at) AS old_ends_at
    FROM gone
    GROUP BY app_id, provider, tenant_id, mode, stage, code, retryable, verified
),
folded AS (
    INSERT INTO segue.attempt_counts AS kept (
        app_id, provider, tenant_id, mode, stage, code, retryable, verified, count, first_at, last_at, old_ends_at
    )
    SELECT * FROM summed ORDER BY app_id, provider, tenant_id, mode, stage, code, retryable, verified
    ON CONFLICT (app_id, provider, tenant_id, mode, stage, code, retryable, verified) DO UPDATE
    SET count = kept.count + excluded.count,
        first_at = least(kept.first_at, excluded.first_at),
        last_at = greatest(kept.last_at, excluded.last_at),
        old_ends_at = greatest(kept.old_ends_at, excluded.old_ends_at)
)
SELECT count(*) FROM gone
