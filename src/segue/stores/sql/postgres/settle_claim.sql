-- What depends on the claim is written only if the claim is.
WITH settled AS (
    UPDATE segue.claims
    SET provider = $3,
        issuer = $4,
        subject_digest = $5,
        user_id = $6,
        tenant_id = $7,
        handle = $8,
        client_digest = $9,
        claimed_at = $10,
        keep_until = $11
    WHERE app_id = $1 AND claim_id = $2 AND handle = $12
    RETURNING app_id, claim_id
),
queued AS (
    INSERT INTO segue.deliveries (
        delivery_id, app_id, provider, claim_id, handle, sealed,
        created_at, due_at, attempts, state, last_error, held
    )
    SELECT
        made.delivery_id, made.app_id, made.provider, made.claim_id, made.handle, made.sealed,
        made.created_at, made.due_at, made.attempts, made.state, made.last_error, made.held
    FROM settled
    CROSS JOIN unnest(
        $13::text[], $14::text[], $15::text[], $16::bytea[], $17::text[], $18::bytea[],
        $19::bigint[], $20::bigint[], $21::bigint[], $22::text[], $23::text[], $24::smallint[]
    ) WITH ORDINALITY AS made (
        delivery_id, app_id, provider, claim_id, handle, sealed,
        created_at, due_at, attempts, state, last_error, held,
        number
    )
    ORDER BY made.number
),
recorded AS (
    INSERT INTO segue.attempts (
        app_id, operation_id, attempted_at, provider, tenant_id, mode, stage, code, retryable, verified,
        subject, old_ends_at, milliseconds, count
    )
    SELECT
        made.app_id, made.operation_id, made.attempted_at, made.provider, made.tenant_id, made.mode, made.stage,
        made.code, made.retryable, made.verified, made.subject, made.old_ends_at, made.milliseconds, made.count
    FROM settled
    CROSS JOIN unnest(
        $25::text[], $26::text[], $27::bigint[], $28::text[], $29::text[], $30::text[], $31::text[],
        $32::text[], $33::smallint[], $34::smallint[], $35::text[], $36::bigint[], $37::bigint[], $38::bigint[]
    ) AS made (
        app_id, operation_id, attempted_at, provider, tenant_id, mode, stage, code, retryable, verified,
        subject, old_ends_at, milliseconds, count
    )
    ON CONFLICT (app_id, operation_id) DO NOTHING
)
SELECT 1 FROM settled
