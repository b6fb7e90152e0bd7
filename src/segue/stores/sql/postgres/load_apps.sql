SELECT app_id, config, created_at
FROM segue.apps
WHERE removed_at IS NULL
ORDER BY app_id
