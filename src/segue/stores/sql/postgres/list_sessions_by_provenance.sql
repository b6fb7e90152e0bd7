SELECT
    app_id, tenant_id, handle, user_id, payload, data,
    current_digest, previous_digest, secret_id, generation, rotated_at,
    created_at, refreshed_at, expires_at, refresh_lifetime, absolute_expires_at, static_key,
    provider, issuer, subject_digest, claim_id, authenticated_at, verifier_version,
    device_label, device_ip
FROM segue.sessions
WHERE app_id = $1 AND issuer = $2 AND ($3::text IS NULL OR verifier_version = $3::text)
    AND created_at >= $4::bigint AND created_at < least($5::bigint, $8::bigint + 1)
    AND expires_at > $6::bigint
    AND (created_at < $8::bigint OR handle > $9::text)
ORDER BY created_at DESC, handle
LIMIT $7
