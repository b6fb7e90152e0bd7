SELECT
    app_id, tenant_id, handle, user_id, payload, data,
    current_digest, previous_digest, secret_id, generation, rotated_at,
    created_at, refreshed_at, expires_at, refresh_lifetime, absolute_expires_at, static_key,
    provider, issuer, subject_digest, claim_id, authenticated_at, verifier_version,
    device_label, device_ip
FROM segue.sessions
WHERE app_id = $1 AND handle IN (SELECT json_array_elements_text($2::json))
    AND expires_at > $3::bigint
    AND created_at <= $5::bigint AND (created_at < $5::bigint OR handle > $6::text)
ORDER BY created_at DESC, handle
LIMIT $4
