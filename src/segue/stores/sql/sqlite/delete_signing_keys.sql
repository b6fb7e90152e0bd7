DELETE FROM signing_keys
WHERE app_id = ?1 AND key_id IN (SELECT value FROM json_each(?2))
