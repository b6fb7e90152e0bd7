-- Many migrations at once, or one. What depends on a claim is written only if the claim was; a claim that is not
-- returned was there before. Nobody can see a conflicting claim of a transaction that ended after this statement began,
-- so it is read by the next one.
WITH claimed AS (
    INSERT INTO segue.claims (
        app_id, claim_id, provider, issuer, subject_digest, user_id, tenant_id, handle,
        client_digest, claimed_at, keep_until
    )
    SELECT *
    FROM unnest(
        $1::text[], $2::bytea[], $3::text[], $4::text[], $5::bytea[], $6::text[],
        $7::text[], $8::text[], $9::bytea[], $10::bigint[], $11::bigint[]
    )
    ON CONFLICT (app_id, claim_id) DO NOTHING
    RETURNING app_id, claim_id
),
created AS (
    INSERT INTO segue.sessions (
        sweep_at,
        app_id, tenant_id, handle, user_id, payload, data,
        current_digest, previous_digest, secret_id, generation, rotated_at,
        created_at, refreshed_at, expires_at, refresh_lifetime, absolute_expires_at, static_key,
        provider, issuer, subject_digest, claim_id, authenticated_at, verifier_version,
        device_label, device_ip
    )
    SELECT
        made.expires_at,
        made.app_id, made.tenant_id, made.handle, made.user_id, made.payload, made.data,
        made.current_digest, made.previous_digest, made.secret_id, made.generation, made.rotated_at,
        made.created_at, made.refreshed_at, made.expires_at, made.refresh_lifetime, made.absolute_expires_at, made.static_key,
        made.provider, made.issuer, made.subject_digest, made.claim_id, made.authenticated_at, made.verifier_version,
        made.device_label, made.device_ip
    FROM claimed
    JOIN unnest(
        $1::text[], $2::bytea[],
        $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[],
        $18::bytea[], $19::bytea[], $20::bytea[], $21::bigint[], $22::bigint[],
        $23::bigint[], $24::bigint[], $25::bigint[], $26::bigint[], $27::bigint[], $28::smallint[],
        $29::text[], $30::text[], $31::bytea[], $32::bytea[], $33::bigint[], $34::text[],
        $35::text[], $36::text[]
    ) AS made (
        owner_app_id, owner_claim_id,
        app_id, tenant_id, handle, user_id, payload, data,
        current_digest, previous_digest, secret_id, generation, rotated_at,
        created_at, refreshed_at, expires_at, refresh_lifetime, absolute_expires_at, static_key,
        provider, issuer, subject_digest, claim_id, authenticated_at, verifier_version,
        device_label, device_ip
    ) ON made.owner_app_id = claimed.app_id AND made.owner_claim_id = claimed.claim_id
    WHERE made.handle IS NOT NULL
),
queued AS (
    INSERT INTO segue.deliveries (
        delivery_id, app_id, provider, claim_id, handle, sealed,
        created_at, due_at, attempts, state, last_error, held
    )
    SELECT
        made.delivery_id, made.app_id, made.provider, made.claim_id, made.handle, made.sealed,
        made.created_at, made.due_at, made.attempts, made.state, made.last_error, made.held
    FROM claimed
    JOIN unnest(
        $37::text[], $38::bytea[],
        $39::text[], $40::text[], $41::text[], $42::bytea[], $43::text[], $44::bytea[],
        $45::bigint[], $46::bigint[], $47::bigint[], $48::text[], $49::text[], $50::smallint[]
    ) WITH ORDINALITY AS made (
        owner_app_id, owner_claim_id,
        delivery_id, app_id, provider, claim_id, handle, sealed,
        created_at, due_at, attempts, state, last_error, held,
        number
    ) ON made.owner_app_id = claimed.app_id AND made.owner_claim_id = claimed.claim_id
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
    FROM claimed
    JOIN unnest(
        $51::text[], $52::bytea[],
        $53::text[], $54::text[], $55::bigint[], $56::text[], $57::text[], $58::text[], $59::text[],
        $60::text[], $61::smallint[], $62::smallint[], $63::text[], $64::bigint[], $65::bigint[], $66::bigint[]
    ) AS made (
        owner_app_id, owner_claim_id,
        app_id, operation_id, attempted_at, provider, tenant_id, mode, stage, code, retryable, verified,
        subject, old_ends_at, milliseconds, count
    ) ON made.owner_app_id = claimed.app_id AND made.owner_claim_id = claimed.claim_id
    ON CONFLICT (app_id, operation_id) DO NOTHING
)
SELECT app_id, claim_id FROM claimed
