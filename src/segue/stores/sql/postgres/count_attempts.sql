SELECT
    provider, tenant_id, mode, stage, code, retryable, verified,
    sum(count)::bigint, min(first_at), max(last_at), max(old_ends_at)
FROM (
    SELECT
        provider, tenant_id, mode, stage, code, retryable, verified,
        count, attempted_at AS first_at, attempted_at AS last_at, old_ends_at
    FROM segue.attempts
    WHERE app_id = $1
    UNION ALL
    SELECT
        provider, tenant_id, mode, stage, code, retryable, verified,
        count, first_at, last_at, old_ends_at
    FROM segue.attempt_counts
    WHERE app_id = $1
) AS every_one
GROUP BY provider, tenant_id, mode, stage, code, retryable, verified
ORDER BY
    provider COLLATE "C", tenant_id COLLATE "C", mode COLLATE "C", stage COLLATE "C", code COLLATE "C", retryable, verified
