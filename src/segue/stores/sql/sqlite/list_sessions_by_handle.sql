SELECT
    app_id, tenant_id, handle, user_id, payload, data,
    current_digest, previous_digest, secret_id, generation, rotated_at,
    created_at, refreshed_at, expires_at, refresh_lifetime, absolute_expires_at, static_key,
    provider, issuer, subject_digest, claim_id, authenticated_at, verifier_version,
    device_label, device_ip
FROM sessions
WHERE app_id = ?1 AND handle IN (SELECT value FROM json_each(?2))
    AND expires_at > ?3
    AND created_at <= ?5 AND (created_at < ?5 OR handle > ?6)
ORDER BY created_at DESC, handle
LIMIT ?4
