SELECT app_id, subject_digest, provider, issuer, user_id, origin, linked_at, busy_until
FROM segue.identities
WHERE app_id = $1 AND user_id = $2
ORDER BY subject_digest
LIMIT $3
