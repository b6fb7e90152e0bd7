SELECT
    app_id, tenant_id, handle, user_id, payload, data,
    current_digest, previous_digest, secret_id, generation, rotated_at,
    created_at, refreshed_at, expires_at, refresh_lifetime, absolute_expires_at, static_key,
    provider, issuer, subject_digest, claim_id, authenticated_at, verifier_version,
    device_label, device_ip
FROM segue.sessions
WHERE app_id = $1 AND user_id = $2
    AND ($3::text IS NULL OR tenant_id = $3::text) AND ($4::text IS NULL OR handle <> $4::text)
    AND expires_at > $5::bigint
    AND created_at <= $7::bigint AND (created_at < $7::bigint OR handle > $8::text)
ORDER BY created_at DESC, handle
LIMIT $6
