INSERT INTO claims (
    app_id, claim_id, provider, issuer, subject_digest, user_id, tenant_id, handle,
    client_digest, claimed_at, keep_until
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
ON CONFLICT (app_id, claim_id) DO NOTHING
RETURNING 1
