DELETE FROM apps
WHERE app_id = ?1
