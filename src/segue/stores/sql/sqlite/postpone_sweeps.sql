-- Of the sessions whose turn it is, those that have been refreshed since get their next turn.
UPDATE sessions
SET sweep_at = expires_at
WHERE row_id IN (SELECT row_id FROM sessions WHERE sweep_at <= ?1 ORDER BY sweep_at LIMIT ?2)
    AND expires_at > ?1
RETURNING 1
