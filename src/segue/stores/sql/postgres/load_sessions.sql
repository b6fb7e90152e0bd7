SELECT
    found.app_id, found.tenant_id, found.handle, found.user_id, found.payload, found.data,
    found.current_digest, found.previous_digest, found.secret_id, found.generation, found.rotated_at,
    found.created_at, found.refreshed_at, found.expires_at, found.refresh_lifetime, found.absolute_expires_at, found.static_key,
    found.provider, found.issuer, found.subject_digest, found.claim_id, found.authenticated_at, found.verifier_version,
    found.device_label, found.device_ip
FROM unnest($1::text[], $2::text[]) AS wanted (app_id, handle)
JOIN segue.sessions AS found ON found.app_id = wanted.app_id AND found.handle = wanted.handle
