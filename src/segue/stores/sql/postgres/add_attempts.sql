INSERT INTO segue.attempts (
    app_id, operation_id, attempted_at, provider, tenant_id, mode, stage, code, retryable, verified,
    subject, old_ends_at, milliseconds, count
)
SELECT *
FROM unnest(
    $1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::smallint[], $10::smallint[], $11::text[], $12::bigint[], $13::bigint[], $14::bigint[]
)
ON CONFLICT (app_id, operation_id) DO NOTHING
