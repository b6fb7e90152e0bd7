SELECT
    app_id, tenant_id, handle, user_id, payload, data,
    current_digest, previous_digest, secret_id, generation, rotated_at,
    created_at, refreshed_at, expires_at, refresh_lifetime, absolute_expires_at, static_key,
    provider, issuer, subject_digest, claim_id, authenticated_at, verifier_version,
    device_label, device_ip
FROM sessions
WHERE app_id = ?1 AND issuer = ?2 AND (?3 IS NULL OR verifier_version = ?3)
    AND created_at >= ?4 AND created_at < min(?5, ?8 + 1)
    AND expires_at > ?6
    AND (created_at < ?8 OR handle > ?9)
ORDER BY created_at DESC, handle
LIMIT ?7
