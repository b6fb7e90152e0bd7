DELETE FROM signing_keys
WHERE (app_id, key_id) IN (SELECT app_id, key_id FROM signing_keys WHERE app_id = ?1 LIMIT ?2)
RETURNING 1
