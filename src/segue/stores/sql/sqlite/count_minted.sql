SELECT count(*), count(DISTINCT user_id), min(created_at), max(created_at)
FROM sessions
WHERE app_id = ?1 AND issuer = ?2 AND (?3 IS NULL OR verifier_version = ?3)
    AND created_at >= ?4 AND created_at < ?5
    AND expires_at > ?6
