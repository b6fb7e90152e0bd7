SELECT handle
FROM sessions
WHERE app_id = ?1 AND user_id = ?2
    AND (?3 IS NULL OR tenant_id = ?3) AND (?4 IS NULL OR handle <> ?4)
LIMIT ?5
