SELECT
    app_id, tenant_id, handle, user_id, payload, data,
    current_digest, previous_digest, secret_id, generation, rotated_at,
    created_at, refreshed_at, expires_at, refresh_lifetime, absolute_expires_at, static_key,
    provider, issuer, subject_digest, claim_id, authenticated_at, verifier_version,
    device_label, device_ip
FROM sessions
WHERE app_id = ?1 AND user_id = ?2
    AND (?3 IS NULL OR tenant_id = ?3) AND (?4 IS NULL OR handle <> ?4)
    AND expires_at > ?5
    AND created_at <= ?7 AND (created_at < ?7 OR handle > ?8)
ORDER BY created_at DESC, handle
LIMIT ?6
