SELECT app_id, removed_at
FROM apps
WHERE removed_at IS NOT NULL
ORDER BY removed_at
