SELECT config, removed_at
FROM apps
WHERE app_id = ?1
