DELETE FROM attempt_counts
WHERE (app_id, provider, tenant_id, mode, stage, code, retryable, verified) IN (
    SELECT app_id, provider, tenant_id, mode, stage, code, retryable, verified
    FROM attempt_counts
    WHERE app_id = ?1
    LIMIT ?2
)
RETURNING 1
