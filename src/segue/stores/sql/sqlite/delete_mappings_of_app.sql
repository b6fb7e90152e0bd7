DELETE FROM user_id_mappings
WHERE (app_id, user_id) IN (SELECT app_id, user_id FROM user_id_mappings WHERE app_id = ?1 LIMIT ?2)
RETURNING 1
