DELETE FROM sessions
WHERE row_id IN (SELECT row_id FROM sessions WHERE sweep_at <= ?1 ORDER BY sweep_at LIMIT ?2)
    AND expires_at <= ?1
RETURNING 1
