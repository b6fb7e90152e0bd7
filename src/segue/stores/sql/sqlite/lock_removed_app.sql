SELECT 1
FROM apps
WHERE app_id = ?1 AND removed_at = ?2
