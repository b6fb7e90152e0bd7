SELECT count(DISTINCT user_id)
FROM segue.sessions
WHERE app_id = $1 AND refreshed_at >= $2
