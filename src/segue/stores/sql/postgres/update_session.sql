UPDATE segue.sessions
SET payload = coalesce($3::text, payload),
    data = coalesce($4::text, data)
WHERE app_id = $1 AND handle = $2 AND ($5::text IS NULL OR payload = $5)
RETURNING
    app_id, tenant_id, handle, user_id, payload, data,
    current_digest, previous_digest, secret_id, generation, rotated_at,
    created_at, refreshed_at, expires_at, refresh_lifetime, absolute_expires_at, static_key,
    provider, issuer, subject_digest, claim_id, authenticated_at, verifier_version,
    device_label, device_ip
