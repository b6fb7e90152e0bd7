INSERT INTO attempts (
    app_id, operation_id, attempted_at, provider, tenant_id, mode, stage, code, retryable, verified,
    subject, old_ends_at, milliseconds, count
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
ON CONFLICT (app_id, operation_id) DO NOTHING
