-- The rows are then deleted by the same choice, in the same transaction.
INSERT INTO attempt_counts (
    app_id, provider, tenant_id, mode, stage, code, retryable, verified, count, first_at, last_at, old_ends_at
)
SELECT
    app_id, provider, tenant_id, mode, stage, code, retryable, verified,
    sum(count), min(attempted_at), max(attempted_at), max(old_ends_at)
FROM (SELECT * FROM attempts WHERE app_id = ?1 AND operation_id < ?2 ORDER BY operation_id LIMIT ?3)
WHERE true
GROUP BY app_id, provider, tenant_id, mode, stage, code, retryable, verified
ON CONFLICT (app_id, provider, tenant_id, mode, stage, code, retryable, verified) DO UPDATE
SET count = count + excluded.count,
    first_at = min(first_at, excluded.first_at),
    last_at = max(last_at, excluded.last_at),
    -- max() of a null is null
    old_ends_at = coalesce(max(old_ends_at, excluded.old_ends_at), old_ends_at, excluded.old_ends_at)
