UPDATE claims
SET provider = ?3,
    issuer = ?4,
    subject_digest = ?5,
    user_id = ?6,
    tenant_id = ?7,
    handle = ?8,
    client_digest = ?9,
    claimed_at = ?10,
    keep_until = ?11
WHERE app_id = ?1 AND claim_id = ?2 AND handle = ?12
RETURNING 1
