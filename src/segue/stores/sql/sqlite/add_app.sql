INSERT INTO apps (app_id, config, created_at)
VALUES (?1, ?2, ?3)
ON CONFLICT (app_id) DO NOTHING
RETURNING 1
