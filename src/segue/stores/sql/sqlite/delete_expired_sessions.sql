DELETE FROM sessions
WHERE row_id IN (SELECT row_id FROM sessions WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)
RETURNING 1
