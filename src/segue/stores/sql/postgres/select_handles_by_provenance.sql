SELECT handle
FROM segue.sessions
WHERE app_id = $1 AND issuer = $2 AND ($3::text IS NULL OR verifier_version = $3::text)
    AND created_at >= $4::bigint AND created_at < $5::bigint
LIMIT $6
