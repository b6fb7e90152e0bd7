SELECT count(*), count(DISTINCT user_id), min(created_at), max(created_at)
FROM segue.sessions
WHERE app_id = $1 AND issuer = $2 AND ($3::text IS NULL OR verifier_version = $3::text)
    AND created_at >= $4::bigint AND created_at < $5::bigint
    AND expires_at > $6::bigint
