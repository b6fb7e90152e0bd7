SELECT app_id, subject_digest, provider, issuer, user_id, origin, linked_at, busy_until
FROM identities
WHERE app_id = ?1 AND subject_digest = ?2
