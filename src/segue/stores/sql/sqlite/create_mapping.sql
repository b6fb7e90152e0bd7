INSERT INTO user_id_mappings (app_id, user_id, external_id, info)
VALUES (?1, ?2, ?3, ?4)
ON CONFLICT DO NOTHING
RETURNING 1
