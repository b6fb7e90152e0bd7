DELETE FROM revocations
WHERE sequence IN (SELECT sequence FROM revocations WHERE revoked_at < ?1 ORDER BY revoked_at LIMIT ?2)
RETURNING 1
