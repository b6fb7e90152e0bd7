SELECT 1
FROM segue.users
WHERE app_id = $1 AND user_id = $2
