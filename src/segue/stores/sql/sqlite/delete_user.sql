DELETE FROM users
WHERE app_id = ?1 AND user_id = ?2
RETURNING 1
