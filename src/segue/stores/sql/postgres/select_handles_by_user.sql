SELECT handle
FROM segue.sessions
WHERE app_id = $1 AND user_id = $2
    AND ($3::text IS NULL OR tenant_id = $3::text) AND ($4::text IS NULL OR handle <> $4::text)
LIMIT $5
