SELECT
    app_id, claim_id, provider, issuer, subject_digest, user_id, tenant_id, handle,
    client_digest, claimed_at, keep_until
FROM segue.claims
WHERE app_id = $1 AND subject_digest = $2 AND claim_id > $3
ORDER BY claim_id
LIMIT $4
