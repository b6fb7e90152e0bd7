DELETE FROM segue.users
WHERE app_id = $1 AND user_id = $2
RETURNING 1
