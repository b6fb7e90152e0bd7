SELECT 1
FROM segue.sessions
WHERE app_id = $1 AND user_id = $2 AND expires_at > $3
LIMIT 1
