UPDATE sessions
SET previous_digest = current_digest,
    current_digest = ?4,
    secret_id = ?5,
    generation = generation + 1,
    rotated_at = ?6,
    refreshed_at = ?6,
    expires_at = min(?6 + refresh_lifetime, coalesce(absolute_expires_at, ?6 + refresh_lifetime)),
    static_key = coalesce(?7, static_key)
WHERE app_id = ?1 AND handle = ?2 AND current_digest = ?3 AND expires_at > ?6
RETURNING
    app_id, tenant_id, handle, user_id, payload, data,
    current_digest, previous_digest, secret_id, generation, rotated_at,
    created_at, refreshed_at, expires_at, refresh_lifetime, absolute_expires_at, static_key,
    provider, issuer, subject_digest, claim_id, authenticated_at, verifier_version,
    device_label, device_ip
